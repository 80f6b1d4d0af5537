-- Completed examinations and the working days in which they were done.
-- grain: one row a combination of the dimensions in $by
-- reads: activity_day, calendar
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, count_exams hugeint, count_working_days bigint
with counted as (
    select
        case when list_contains($by::varchar[], 'month') then exam_month end as month,
        case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
        case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
        case when list_contains($by::varchar[], 'modality') then modality end as modality,
        case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
        case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
        sum(count_exams) as count_exams,
    from activity_day
    where
        exam_date is not null
        and (array_length($months::date[]) = 0 or list_contains($months::date[], exam_month))
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and ($date_from::date is null or exam_date >= $date_from::date)
        and ($date_to::date is null or exam_date <= $date_to::date)
    group by all
),

known as (
    select
        min(exam_date) as first_date,
        max(exam_date) as last_date,
    from activity_day
),

days as (
    select
        case when list_contains($by::varchar[], 'month') then calendar.month end as month,
        count(*) filter (where calendar.is_working_day) as count_working_days,
    from calendar
    cross join known
    where
        calendar.date between known.first_date and known.last_date
        and (array_length($months::date[]) = 0 or list_contains($months::date[], calendar.month))
        and ($date_from::date is null or calendar.date >= $date_from::date)
        and ($date_to::date is null or calendar.date <= $date_to::date)
    group by all
)

select
    counted.month,
    counted.trust_code, counted.site_code, counted.modality, counted.patient_class, counted.urgency,
    counted.count_exams,
    days.count_working_days,
from counted
inner join days on counted.month is not distinct from days.month
