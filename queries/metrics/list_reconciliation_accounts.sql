-- Requests on our list that stand beside a published figure at the last month in range that has both, and those that cannot, by reason:
-- a list is a stock, so that of each reason the last month counts, and only where it is that month or a later one. A step is made of the
-- same requests, so that a choice of steps leaves the account as it is.
-- grain: one row a reason; counted is what the figure stands on
-- reads: list_bridge
-- params: months date[], trusts varchar[], tests varchar[], steps varchar[], date_from date, date_to date
-- returns: reason varchar, count_requests hugeint people
with in_range as (
    select *
    from list_bridge
    where
        step = 'ours'
        and picked($months::date[], month)
        and dated($date_from::date, $date_to::date, month_end)
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
    and picked($trusts::varchar[], trust_code)
    and picked($tests::varchar[], test)
    and (picked($steps::varchar[], step) or step = 'ours')
group by all
