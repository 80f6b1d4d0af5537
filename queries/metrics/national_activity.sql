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
    shown($by::varchar[], 'month', month) as month,
    shown($by::varchar[], 'test', test) as test,
    shown($by::varchar[], 'provider_code', provider_code) as provider_code,
    shown($by::varchar[], 'region_code', region_code) as region_code,
    sum(count_waiting_list_activity + count_planned_activity + count_unscheduled_activity) as count_activity,
    sum(count_waiting_list_activity) as count_waiting_list_activity,
    sum(count_planned_activity) as count_planned_activity,
    sum(count_unscheduled_activity) as count_unscheduled_activity,
    count(distinct national_current.provider_code) as count_providers,
from national_current
where
    picked($months::date[], month)
    and picked($tests::varchar[], test)
    and picked($provider_codes::varchar[], provider_code)
    and picked($region_codes::varchar[], region_code)
    and dated($date_from::date, $date_to::date, month_end)
group by all
