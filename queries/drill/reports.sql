-- The examinations behind a turnaround, the longest time to the report first, a page of them. Verdict: met, missed, met_early and
-- pending by the examination's own standard, or unreported for all that still wait.
-- grain: one row an examination
-- reads: exam, exam_standard
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], verdicts varchar[],
--   bands varchar[], date_from date, date_to date, max_rows integer, skipped_rows integer
-- returns: exam_id bigint, site_code varchar, modality varchar, exam_name varchar, patient_class varchar, urgency varchar,
--   pathway varchar, reporting_route varchar, exam_local timestamp, is_reported boolean, hours double,
--   standard_id varchar, verdict varchar, count_all bigint
with judged as (
    select
        exam.*,
        exam_standard.standard_id,
        case exam_standard.unit
            when 'days' then case
                when exam.report_days <= exam_standard.threshold then case when exam.age_days > exam_standard.threshold then 'met' else 'met_early' end
                when exam.age_days > exam_standard.threshold then 'missed'
                else 'pending'
            end
            when 'hours' then case
                when exam.clock_state <> 'counted' then null
                when exam.is_reported and exam.turnaround_seconds <= exam_standard.threshold * 3600
                    then case when exam.since_seconds >= exam_standard.threshold * 3600 then 'met' else 'met_early' end
                when exam.since_seconds >= exam_standard.threshold * 3600 then 'missed'
                else 'pending'
            end
        end as verdict,
        case
            when not exam.is_reported then '9 unreported'
            when exam.turnaround_minutes < 4 * 60 then '1 under 4 h'
            when exam.turnaround_minutes < 24 * 60 then '2 4 to 24 h'
            when exam.turnaround_minutes < 2 * 1440 then '3 1 to 2 days'
            when exam.turnaround_minutes < 7 * 1440 then '4 2 to 7 days'
            when exam.turnaround_minutes < 14 * 1440 then '5 7 to 14 days'
            when exam.turnaround_minutes < 28 * 1440 then '6 14 to 28 days'
            else '7 28 days and over'
        end as band,
    from exam
    left join exam_standard
        on exam.exam_date = exam_standard.exam_date
        and exam.modality is not distinct from exam_standard.modality
        and exam.pathway is not distinct from exam_standard.pathway
        and exam.patient_class is not distinct from exam_standard.patient_class
    where exam.clock_state in ('counted', 'date_only')
),

listed as (
    select *
    from judged
    where
        (clock_state = 'counted' or list_contains($verdicts::varchar[], verdict))
        and (
            picked($verdicts::varchar[], verdict)
            or (list_contains($verdicts::varchar[], 'unreported') and not is_reported)
        )
        and picked($months::date[], exam_month)
        and dated($date_from::date, $date_to::date, exam_date)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        and picked($routes::varchar[], reporting_route)
        and picked($readers::varchar[], reader)
        and picked($suppliers::varchar[], supplier)
        and picked($bands::varchar[], band)
),

totals as (
    select count(*) as count_all
    from listed
)

select
    exam_id,
    site_code,
    modality,
    exam_name,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    exam_local,
    is_reported,
    turnaround_minutes / 60e0 as hours,
    standard_id,
    verdict,
    totals.count_all,
from listed
cross join totals
order by turnaround_minutes desc, exam_id
limit $max_rows::integer
offset $skipped_rows::integer
