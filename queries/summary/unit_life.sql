-- From which day to which each unit works and its feed covers it: days before a site opened, after it closed, or of a modality that came
-- later, are in no denominator. The feed begins at the site's covers_from, else on the network's first day with an examination, and ends on
-- the last whole day of the site's data; a site's opened and closed, where the network file gives them, narrow it. Within it a unit exists
-- from its first day with work only where the days before it are more than chance leaves empty: seven times its usual gap between days with
-- work (chance: 1 in 1,000); the same at its end, past the usual lag. A unit with work on fewer than ten days is taken to exist throughout.
-- grain: one row a kind of work (done, asked) x site x modality
-- reads: activity_day, demand_day, site
-- params: none
-- returns: work varchar, site_code varchar, modality varchar, first_date date, last_date date
with feed as (
    select min(exam_date) as first_date
    from activity_day
),

worked as (
    select distinct
        'done' as work,
        site_code,
        modality,
        exam_date as work_date,
    from activity_day
    where exam_date is not null
    union all
    select distinct
        'asked' as work,
        demand_day.site_code,
        demand_day.modality,
        demand_day.received_date as work_date,
    from demand_day
    inner join site on demand_day.site_code = site.site_code
    cross join feed
    where
        demand_day.received_date >= coalesce(site.covers_from, feed.first_date)
        and demand_day.received_date <= site.data_through_date
        and not coalesce(demand_day.is_before_export, false)
),

edges as (
    select
        work,
        site_code,
        modality,
        min(work_date) as first_work,
        max(work_date) as last_work,
        count(*) as count_days,
        count(*) / (max(work_date) - min(work_date) + 1)::double as rate,
    from worked
    group by all
),

windows as (
    select
        edges.*,
        site.usual_lag_days,
        least(edges.first_work, coalesce(case when edges.work = 'done' then site.opened end, site.covers_from, feed.first_date)) as first_seen,
        greatest(edges.last_work, least(coalesce(site.closed, date '9999-12-31'), site.data_through_date - 1)) as last_seen,
    from edges
    inner join site on edges.site_code = site.site_code
    cross join feed
)

select
    work,
    site_code,
    modality,
    case when count_days >= 10 and (first_work - first_seen) * rate > 7 then first_work else first_seen end as first_date,
    case when count_days >= 10 and (last_seen - last_work - usual_lag_days) * rate > 7 then last_work else last_seen end as last_date,
from windows
order by all
