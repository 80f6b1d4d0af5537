-- The examinations unreported at the end of the last day in range, the longest waiting first, a page of them.
-- grain: one row an examination
-- reads: exam, exam_standard, site, site_open
-- params: trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[], urgencies varchar[],
--   pathways varchar[], routes varchar[], bands varchar[], places varchar[], overs varchar[], max_rows integer,
--   skipped_rows integer, until_date date
-- returns: exam_id bigint, site_code varchar, modality varchar, exam_name varchar, patient_class varchar, urgency varchar,
--   pathway varchar, reporting_route varchar, exam_local timestamp, age_days integer, band varchar, place varchar,
--   standard_id varchar, is_over_standard boolean, count_all bigint
with recording as (
    select
        source,
        count(assigned_at) > 0 as is_assignment_recorded,
    from exam
    group by source
),

waiting as (
    select
        exam.*,
        recording.is_assignment_recorded,
        exam_standard.standard_id,
        exam_standard.unit,
        exam_standard.threshold,
        least($until_date::date, site.data_through_date) as seen_date,
        (least($until_date::date, site.data_through_date) - exam.exam_date)::integer as wait_days,
        site_open.ends_at,
        $until_date::date >= site.data_through_date as is_last,
    from exam
    inner join site on exam.site_code = site.site_code
    inner join site_open
        on exam.site_code = site_open.site_code
        and least($until_date::date, site.data_through_date) = site_open.date
    inner join recording on exam.source = recording.source
    left join exam_standard
        on exam.exam_date = exam_standard.exam_date
        and exam.modality is not distinct from exam_standard.modality
        and exam.pathway is not distinct from exam_standard.pathway
        and exam.patient_class is not distinct from exam_standard.patient_class
    where
        exam.status = 'completed'
        and exam.exam_date <= $until_date::date
        and (not exam.is_reported or greatest(exam.reported_date, exam.exam_date) > $until_date::date)
        and exam.clock_state not in ('after_as_of', 'report_not_required')
),

placed as (
    select
        *,
        case
            when wait_days <= 2 then '1 0 to 2 days'
            when wait_days <= 7 then '2 3 to 7 days'
            when wait_days <= 14 then '3 8 to 14 days'
            when wait_days <= 28 then '4 15 to 28 days'
            else '5 over 28 days'
        end as band,
        case
            when is_last and reporting_route = 'outsourced' then 'supplier'
            when greatest(preliminary_date, exam_date) <= seen_date and preliminary_date is not null then 'preliminary'
            when greatest(assigned_date, exam_date) <= seen_date and assigned_date is not null then 'assigned'
            when is_assignment_recorded then 'unallocated'
            else 'not_recorded'
        end as place,
        case unit
            when 'days' then wait_days > threshold
            when 'hours' then case
                when clock_state = 'date_only' then false
                when seen_date = as_of_date then since_seconds >= threshold * 3600
                else epoch(ends_at) - epoch(exam_at) >= threshold * 3600
            end
        end as is_over_standard,
        case when is_last then reporting_route end as known_route,
    from waiting
),

listed as (
    select *
    from placed
    where
        true
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        and picked($routes::varchar[], known_route)
        and picked($bands::varchar[], band)
        and picked($places::varchar[], place)
        and (
            not filtered($overs::varchar[])
            or (list_contains($overs::varchar[], '10_days') and wait_days >= 10)
            or (list_contains($overs::varchar[], 'standard') and is_over_standard)
        )
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
    known_route as reporting_route,
    exam_local,
    wait_days as age_days,
    band,
    place,
    standard_id,
    coalesce(is_over_standard, false) as is_over_standard,
    totals.count_all,
from listed
cross join totals
order by exam_local, exam_id
limit $max_rows::integer
offset $skipped_rows::integer
