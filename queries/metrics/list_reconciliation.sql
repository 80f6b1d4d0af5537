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
        and picked($months::date[], month)
        and dated($date_from::date, $date_to::date, month_end)
),

lasts as (
    select max(month) as last_month
    from in_range
)

select
    month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'test', test) as test,
    shown($by::varchar[], 'step', step) as step,
    month as snapshot_month,
    sum(count_requests) as count_requests,
    max(vintage) as vintage,
from in_range
cross join lasts
where
    (list_contains($by::varchar[], 'month') or month = last_month)
    and picked($trusts::varchar[], trust_code)
    and picked($tests::varchar[], test)
    and picked($steps::varchar[], step)
group by all
