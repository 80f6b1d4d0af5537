-- The steps from our waiting list to the published one at the end of each month; without month in $by, at the last month in range that
-- has both. Months are never added. All steps together are the published list.
-- grain: one row a combination of the dimensions in $by; one month, or one row a month
-- reads: list_bridge
-- params: by varchar[], months date[], trusts varchar[], tests varchar[], steps varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, test varchar, step varchar, snapshot_month date,
--   count_requests hugeint people, vintage varchar
with in_range as (
    select *
    from list_bridge
    where
        state = 'counted'
        and (array_length($months::date[]) = 0 or list_contains($months::date[], month))
        and ($date_from::date is null or month_end >= $date_from::date)
        and ($date_to::date is null or month_end <= $date_to::date)
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
