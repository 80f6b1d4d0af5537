-- Work and the working days it came in. $work: done, completed examinations; asked, requests received less those rejected at vetting,
-- from the day the export begins. Where the sites counted lie in several nations, a day is a working day when one of them works.
-- Working days are those of the time that examinations are known for.
-- grain: one row a combination of the dimensions in $by
-- reads: activity_day, demand_day, calendar, site
-- params: work varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_work hugeint people, count_working_days bigint plain
with work as (
    select
        exam_month as work_month,
        exam_date as work_date,
        trust_code, site_code, modality, patient_class, urgency, pathway,
        count_exams as count_work,
    from activity_day
    where
        $work::varchar = 'done'
        and exam_date is not null
    union all by name
    select
        received_month as work_month,
        received_date as work_date,
        trust_code, site_code, modality, patient_class, urgency, pathway,
        count_requests - count_rejected as count_work,
    from demand_day
    where
        $work::varchar = 'asked'
        and received_date is not null
        and not coalesce(is_before_export, false)
),

-- Few rows from here on: everything after counts these.
chosen as (
    select
        case when list_contains($by::varchar[], 'month') then work_month end as month,
        case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
        site_code,
        case when list_contains($by::varchar[], 'modality') then modality end as modality,
        case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
        case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
        case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
        sum(count_work) as count_work,
    from work
    where
        (array_length($months::date[]) = 0 or list_contains($months::date[], work_month))
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
        and ($date_from::date is null or work_date >= $date_from::date)
        and ($date_to::date is null or work_date <= $date_to::date)
    group by all
),

placed as (
    select
        chosen.* exclude (site_code),
        case when list_contains($by::varchar[], 'site_code') then chosen.site_code end as site_code,
        site.nation,
    from chosen
    inner join site on chosen.site_code = site.site_code
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
    from placed
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
        sum(count_work) as count_work,
    from placed
    group by all
)

select
    counted.month,
    counted.trust_code, counted.site_code, counted.modality, counted.patient_class, counted.urgency, counted.pathway,
    counted.count_work,
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
