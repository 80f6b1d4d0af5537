-- Tests done in the months in range, in the national return.
-- grain: one row a combination of the dimensions in $by
-- reads: national_current
-- params: by varchar[], months date[], tests varchar[], provider_codes varchar[], region_codes varchar[], date_from date,
--   date_to date
-- returns: month date, test varchar, provider_code varchar, region_code varchar,
--   count_activity hugeint people, count_waiting_list_activity hugeint people,
--   count_planned_activity hugeint people, count_unscheduled_activity hugeint people,
--   count_providers bigint plain
select
    case when list_contains($by::varchar[], 'month') then month end as month,
    case when list_contains($by::varchar[], 'test') then test end as test,
    case when list_contains($by::varchar[], 'provider_code') then provider_code end as provider_code,
    case when list_contains($by::varchar[], 'region_code') then region_code end as region_code,
    sum(count_waiting_list_activity + count_planned_activity + count_unscheduled_activity) as count_activity,
    sum(count_waiting_list_activity) as count_waiting_list_activity,
    sum(count_planned_activity) as count_planned_activity,
    sum(count_unscheduled_activity) as count_unscheduled_activity,
    count(distinct national_current.provider_code) as count_providers,
from national_current
where
    (array_length($months::date[]) = 0 or list_contains($months::date[], month))
    and (array_length($tests::varchar[]) = 0 or list_contains($tests::varchar[], test))
    and (array_length($provider_codes::varchar[]) = 0 or list_contains($provider_codes::varchar[], provider_code))
    and (array_length($region_codes::varchar[]) = 0 or list_contains($region_codes::varchar[], region_code))
    and ($date_from::date is null or month_end >= $date_from::date)
    and ($date_to::date is null or month_end <= $date_to::date)
group by all
