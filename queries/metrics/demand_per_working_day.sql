-- Requests received, less those rejected at vetting, and the working days of the time that examinations are known for. Where the sites counted lie in several nations, a day is a
-- working day when one of those nations works.
-- grain: one row a combination of the dimensions in $by
-- reads: demand_day, activity_day, calendar, site
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_requests hugeint, count_working_days bigint
with chosen as (
    select
        case when list_contains($by::varchar[], 'month') then demand_day.received_month end as month,
        case when list_contains($by::varchar[], 'trust_code') then demand_day.trust_code end as trust_code,
        case when list_contains($by::varchar[], 'site_code') then demand_day.site_code end as site_code,
        case when list_contains($by::varchar[], 'modality') then modality end as modality,
        case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
        case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
        case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
        site.nation,
        demand_day.count_requests - demand_day.count_rejected as count_requests,
    from demand_day
    inner join site on demand_day.site_code = site.site_code
    where
        received_date is not null
        and not coalesce(is_before_export, false)
        and (array_length($months::date[]) = 0 or list_contains($months::date[], received_month))
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], demand_day.trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], demand_day.site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
        and ($date_from::date is null or received_date >= $date_from::date)
        and ($date_to::date is null or received_date <= $date_to::date)
),

known as (
    select
        min(exam_date) as first_date,
        max(exam_date) as last_date,
    from activity_day
),

cells as (
    select distinct
        month, trust_code, site_code, modality, patient_class, urgency, pathway, nation,
    from chosen
),

days as (
    select
        cells.month, cells.trust_code, cells.site_code, cells.modality, cells.patient_class, cells.urgency, cells.pathway,
        count(distinct calendar.date) as count_working_days,
    from cells
    inner join calendar
        on cells.nation = calendar.nation
        and (cells.month is null or cells.month = calendar.month)
    cross join known
    where
        calendar.is_working_day
        and calendar.date between known.first_date and known.last_date
        and (array_length($months::date[]) = 0 or list_contains($months::date[], calendar.month))
        and ($date_from::date is null or calendar.date >= $date_from::date)
        and ($date_to::date is null or calendar.date <= $date_to::date)
    group by all
),

counted as (
    select
        month, trust_code, site_code, modality, patient_class, urgency, pathway,
        sum(count_requests) as count_requests,
    from chosen
    group by all
)

select
    counted.month,
    counted.trust_code, counted.site_code, counted.modality, counted.patient_class, counted.urgency, counted.pathway,
    counted.count_requests,
    coalesce(days.count_working_days, 0) as count_working_days,
from counted
left join days
    on counted.month is not distinct from days.month
    and counted.trust_code is not distinct from days.trust_code
    and counted.site_code is not distinct from days.site_code
    and counted.modality is not distinct from days.modality
    and counted.patient_class is not distinct from days.patient_class
    and counted.urgency is not distinct from days.urgency
    and counted.pathway is not distinct from days.pathway
