-- Requests waiting for their examination at the end of each month; in the last month, and at a site whose data ends earlier, when
-- the site's data ends. A stock: rows of different months are never added. Booked or not is known only of those that still wait.
-- grain: one row a snapshot month x trust x site x modality x patient class x urgency x pathway x wait category x band x booking
-- reads: waiting_span, site, calendar
-- params: none
-- returns: snapshot_month date, snapshot_date date, trust_code varchar, site_code varchar, modality varchar,
--   patient_class varchar, urgency varchar, pathway varchar, wait_category varchar, band varchar, booking varchar,
--   count_waiting bigint, count_over_six_weeks bigint, count_over_thirteen_weeks bigint, oldest_days integer
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
    where
        calendar.month <= date_trunc('month', ends.last_date)
        and calendar.date >= coalesce(site.covers_from, date '1900-01-01')
    group by site.site_code, calendar.month, site.data_through_date
),

standing as (
    select
        snapshots.snapshot_month,
        snapshots.snapshot_date,
        snapshots.is_last,
        waiting_span.*,
        (snapshots.as_of_date - waiting_span.asked_date)::integer as wait_days,
    from waiting_span
    inner join snapshots
        on waiting_span.site_code = snapshots.site_code
        and waiting_span.asked_date <= snapshots.as_of_date
        and coalesce(waiting_span.left_date, date '9999-12-31') > snapshots.as_of_date
    where waiting_span.state = 'counted'
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
    wait_category,
    case
        when wait_days < 42 then '1 under 6 weeks'
        when wait_days < 91 then '2 6 to 13 weeks'
        else '3 13 weeks and over'
    end as band,
    case when is_last then booking end as booking,
    sum(count_requests)::bigint as count_waiting,
    coalesce(sum(count_requests) filter (where wait_days >= 42), 0)::bigint as count_over_six_weeks,
    coalesce(sum(count_requests) filter (where wait_days >= 91), 0)::bigint as count_over_thirteen_weeks,
    max(wait_days) as oldest_days,
from standing
group by all
order by all
