-- Each day an examination waits for its report, as a span: it waits at the end of every day from exam_date to the day before
-- left_date (null: it still waits). Examinations reported on the day they were done wait at the end of none.
-- over_date: the first day at whose end it is over its standard. Examinations without a known date wait too, from no known day.
-- from_date: the day from which it waits or, where that is not known, may wait: the day it was booked for, else 28 days before its report
-- or before the data ends.
-- gone_date: left_date, or the end of time where it still waits; the table is sorted by it, so that what waits on a day is read almost alone.
-- grain: one row a span x trust x site x modality x patient class x urgency x pathway x route x whether a report is required
-- reads: exam, exam_standard, site_open
-- params: none
-- returns: exam_date date, from_date date, left_date date, gone_date date, over_date date, assigned_date date, preliminary_date date, trust_code varchar,
--   site_code varchar, modality varchar, patient_class varchar, urgency varchar, pathway varchar, reporting_route varchar,
--   is_required boolean, is_assignment_recorded boolean, count_exams bigint
with recording as (
    select
        source,
        count(assigned_at) > 0 as is_assignment_recorded,
    from exam
    group by source
),

waits as (
    select
        exam.*,
        exam_standard.unit,
        exam_standard.threshold,
        recording.is_assignment_recorded,
        case when exam.is_reported then greatest(exam.reported_date, exam.exam_date) end as left_date,
        coalesce(exam.is_report_required, true) as is_required,
        exam.exam_at + to_seconds(exam_standard.threshold * 3600) as late_at,
        coalesce(
            exam.exam_date,
            least(exam.booked_date, exam.as_of_date),
            case when exam.is_reported then exam.reported_date else exam.as_of_date end - 28
        ) as from_date,
    from exam
    inner join recording on exam.source = recording.source
    left join exam_standard
        on exam.exam_date = exam_standard.exam_date
        and exam.modality is not distinct from exam_standard.modality
        and exam.pathway is not distinct from exam_standard.pathway
        and exam.patient_class is not distinct from exam_standard.patient_class
    where
        exam.status = 'completed'
        and exam.clock_state <> 'after_as_of'
),

-- The first local midnight at which a standard in hours has passed: by instants, so that a night of 23 or 25 hours counts as it was.
midnights as (
    select
        waits.exam_id,
        min(site_open.date) as late_date,
    from waits
    inner join site_open
        on waits.site_code = site_open.site_code
        and site_open.date between waits.exam_date and waits.exam_date + (waits.threshold / 24)::integer + 2
        and site_open.ends_at >= waits.late_at
    where
        waits.unit = 'hours'
        and waits.clock_state <> 'date_only'
        and (waits.left_date is null or waits.left_date > waits.exam_date)
    group by all
)

select
    exam_date,
    from_date,
    left_date,
    coalesce(left_date, date '9999-12-31') as gone_date,
    case unit
        when 'days' then exam_date + threshold::integer + 1
        when 'hours' then case
            when late_date = as_of_date and since_seconds < threshold * 3600 then as_of_date + 1
            else late_date
        end
    end as over_date,
    case when assigned_date < coalesce(left_date, date '9999-12-31') then greatest(assigned_date, exam_date) end as assigned_date,
    case when preliminary_date < coalesce(left_date, date '9999-12-31') then greatest(preliminary_date, exam_date) end as preliminary_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    is_required,
    is_assignment_recorded,
    count(*) as count_exams,
from waits
left join midnights on waits.exam_id = midnights.exam_id
where
    left_date is null
    or left_date > from_date
group by all
order by
    gone_date desc, site_code, modality, exam_date, from_date, over_date, trust_code, patient_class, urgency, pathway, reporting_route,
    assigned_date, preliminary_date, is_required, is_assignment_recorded
