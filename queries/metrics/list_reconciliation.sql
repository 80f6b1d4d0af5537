-- The steps from our waiting list to the published one at the end of each month; without month in $by, at the last month in range that
-- has both. Months are never added. All steps together are the published list. A trust is shown to whoever may see all of its sites.
-- grain: one row a combination of the dimensions in $by; one month, or one row a month
-- reads: list_bridge, site_period
-- params: by varchar[], months date[], trusts varchar[], tests varchar[], steps varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, test varchar, step varchar, snapshot_month date, count_requests hugeint,
--   vintage varchar
with seen as (
    select
        calendar_month.month,
        site_period.trust_code,
        count(distinct site_period.site_code) as count_sites,
    from (select distinct month, month_end from list_bridge) as calendar_month
    inner join site_period
        on site_period.valid_from <= calendar_month.month_end
        and site_period.valid_to > calendar_month.month
    group by all
),

in_range as (
    select list_bridge.*
    from list_bridge
    semi join seen
        on list_bridge.month = seen.month
        and list_bridge.trust_code = seen.trust_code
        and list_bridge.count_sites = seen.count_sites
    where
        list_bridge.state = 'counted'
        and (array_length($months::date[]) = 0 or list_contains($months::date[], list_bridge.month))
        and ($date_from::date is null or list_bridge.month_end >= $date_from::date)
        and ($date_to::date is null or list_bridge.month_end <= $date_to::date)
),

lasts as (
    select max(month) as last_month
    from in_range
)

select
    month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'test') then test end as test,
    case when list_contains($by::varchar[], 'step') then step end as step,
    month as snapshot_month,
    sum(count_requests) as count_requests,
    max(vintage) as vintage,
from in_range
cross join lasts
where
    (list_contains($by::varchar[], 'month') or month = last_month)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($tests::varchar[]) = 0 or list_contains($tests::varchar[], test))
    and (array_length($steps::varchar[]) = 0 or list_contains($steps::varchar[], step))
group by all
