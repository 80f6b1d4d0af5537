-- Tests done in the published return.
-- grain: one row: counted
-- reads: national_current
-- params: months date[], tests varchar[], provider_codes varchar[], region_codes varchar[], date_from date, date_to date
-- returns: reason varchar, count_tests hugeint people
select
    'counted' as reason,
    coalesce(sum(count_waiting_list_activity + count_planned_activity + count_unscheduled_activity), 0) as count_tests,
from national_current
where
    picked($months::date[], month)
    and dated($date_from::date, $date_to::date, month_end)
    and picked($tests::varchar[], test)
    and picked($provider_codes::varchar[], provider_code)
    and picked($region_codes::varchar[], region_code)
