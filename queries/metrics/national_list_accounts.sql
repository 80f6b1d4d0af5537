-- Patients on the published list at the last month in range.
-- grain: one row: counted
-- reads: national_current
-- params: months date[], tests varchar[], provider_codes varchar[], region_codes varchar[], date_from date, date_to date
-- returns: reason varchar, count_patients hugeint people
with in_range as (
    select *
    from national_current
    where
        picked($months::date[], month)
        and dated($date_from::date, $date_to::date, month_end)
),

lasts as (
    select max(month_end) as last_month_end
    from in_range
)

select
    'counted' as reason,
    coalesce(sum(count_waiting), 0) as count_patients,
from in_range
cross join lasts
where
    month_end = last_month_end
    and picked($tests::varchar[], test)
    and picked($provider_codes::varchar[], provider_code)
    and picked($region_codes::varchar[], region_code)
