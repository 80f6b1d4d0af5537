-- Examinations without a verified report at the end of each month; in the last month, and at a site whose data ends earlier,
-- when the site's data ends. A stock: rows of different months are never added. The route is known only of those that still wait: of the
-- others it is who reported them in the end.
-- grain: one row a snapshot month x trust x site x modality x patient class x urgency x pathway x route x age band x place
-- reads: unreported_span, site, calendar
-- params: none
-- returns: snapshot_month date, snapshot_date date, trust_code varchar, site_code varchar, modality varchar,
--   patient_class varchar, urgency varchar, pathway varchar, reporting_route varchar, band varchar, place varchar,
--   count_exams bigint, count_over_10_days bigint, count_over_standard bigint, count_not_required bigint, oldest_days integer
with ends as (
    select max(data_through_date) as last_date
    from site
),

snapshots as (
    select
        site.site_code,
        calendar.month as snapshot_month,
        least(max(calendar.date), max(ends.last_date)) as snapshot_date,
        least(max(calendar.date), site.data_through_date) as as_of_date,
        max(calendar.date) >= site.data_through_date as is_last,
    from calendar
    cross join ends
    inner join site on site.nation = calendar.nation
    where calendar.month <= date_trunc('month', ends.last_date)
    group by site.site_code, calendar.month, site.data_through_date
),

standing as (
    select
        snapshots.snapshot_month,
        snapshots.snapshot_date,
        snapshots.as_of_date,
        snapshots.is_last,
        unreported_span.*,
        (snapshots.as_of_date - unreported_span.exam_date)::integer as age_days,
    from unreported_span
    inner join snapshots
        on unreported_span.site_code = snapshots.site_code
        and unreported_span.exam_date <= snapshots.as_of_date
        and coalesce(unreported_span.left_date, date '9999-12-31') > snapshots.as_of_date
)

select
    snapshot_month,
    snapshot_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    case when is_last then reporting_route end as reporting_route,
    case
        when age_days <= 2 then '1 0 to 2 days'
        when age_days <= 7 then '2 3 to 7 days'
        when age_days <= 14 then '3 8 to 14 days'
        when age_days <= 28 then '4 15 to 28 days'
        else '5 over 28 days'
    end as band,
    case
        when is_last and reporting_route = 'outsourced' then 'supplier'
        when preliminary_date <= as_of_date then 'preliminary'
        when assigned_date <= as_of_date then 'assigned'
        when is_assignment_recorded then 'unallocated'
        else 'not_recorded'
    end as place,
    coalesce(sum(count_exams) filter (where is_required), 0)::bigint as count_exams,
    coalesce(sum(count_exams) filter (where is_required and age_days >= 10), 0)::bigint as count_over_10_days,
    coalesce(sum(count_exams) filter (where is_required and over_date <= as_of_date), 0)::bigint as count_over_standard,
    coalesce(sum(count_exams) filter (where not is_required), 0)::bigint as count_not_required,
    max(age_days) filter (where is_required) as oldest_days,
from standing
group by all
order by all
