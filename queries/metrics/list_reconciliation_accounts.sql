-- Requests on our list that stand beside a published figure at the last month in range that has both, and those that cannot, by reason:
-- a list is a stock, so that of each reason the last month counts, and only where it is that month or a later one. A step is made of the
-- same requests, so that a choice of steps leaves the account as it is.
-- grain: one row a reason; counted is what the figure stands on
-- reads: list_bridge, site_period
-- params: months date[], trusts varchar[], tests varchar[], steps varchar[], date_from date, date_to date
-- returns: reason varchar, count_requests hugeint
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
        list_bridge.step = 'ours'
        and (array_length($months::date[]) = 0 or list_contains($months::date[], list_bridge.month))
        and ($date_from::date is null or list_bridge.month_end >= $date_from::date)
        and ($date_to::date is null or list_bridge.month_end <= $date_to::date)
),

counted as (
    select max(month) as last_month
    from in_range
    where state = 'counted'
),

lasts as (
    select
        state,
        max(month) as last_month,
    from in_range
    group by state
)

select
    in_range.state as reason,
    sum(in_range.count_requests) as count_requests,
from in_range
inner join lasts
    on in_range.state = lasts.state
    and in_range.month = lasts.last_month
cross join counted
where
    in_range.month >= coalesce(counted.last_month, in_range.month)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($tests::varchar[]) = 0 or list_contains($tests::varchar[], test))
    and (array_length($steps::varchar[]) = 0 or list_contains($steps::varchar[], step) or step = 'ours')
group by all
