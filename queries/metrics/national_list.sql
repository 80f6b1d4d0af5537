-- Patients waiting at the end of each month in the national return; without month in $by, at the last month in range.
-- A list is a stock: months are never added. The last month is that of the whole return, so a provider that has stopped
-- returning shows no row rather than an old list.
-- grain: one row a combination of the dimensions in $by; one month, or one row a month
-- reads: national_current
-- params: by varchar[], months date[], tests varchar[], provider_codes varchar[], region_codes varchar[], date_from date,
--   date_to date
-- returns: month date, test varchar, provider_code varchar, region_code varchar, snapshot_month date,
--   count_waiting hugeint people, count_over_six_weeks hugeint people,
--   count_over_thirteen_weeks hugeint people, count_providers bigint plain
with in_range as (
    select *
    from national_current
    where
        picked($months::date[], month)
        and dated($date_from::date, $date_to::date, month_end)
),

lasts as (
    select max(month) as last_month
    from in_range
)

select
    month,
    shown($by::varchar[], 'test', test) as test,
    shown($by::varchar[], 'provider_code', provider_code) as provider_code,
    shown($by::varchar[], 'region_code', region_code) as region_code,
    month as snapshot_month,
    sum(count_waiting) as count_waiting,
    sum(count_over_six_weeks) as count_over_six_weeks,
    sum(count_over_thirteen_weeks) as count_over_thirteen_weeks,
    count(distinct in_range.provider_code) as count_providers,
from in_range
cross join lasts
where
    (list_contains($by::varchar[], 'month') or month = last_month)
    and picked($tests::varchar[], test)
    and picked($provider_codes::varchar[], provider_code)
    and picked($region_codes::varchar[], region_code)
group by all
