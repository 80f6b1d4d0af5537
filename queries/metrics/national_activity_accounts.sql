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
    (array_length($months::date[]) = 0 or list_contains($months::date[], month))
    and ($date_from::date is null or month_end >= $date_from::date)
    and ($date_to::date is null or month_end <= $date_to::date)
    and (array_length($tests::varchar[]) = 0 or list_contains($tests::varchar[], test))
    and (array_length($provider_codes::varchar[]) = 0 or list_contains($provider_codes::varchar[], provider_code))
    and (array_length($region_codes::varchar[]) = 0 or list_contains($region_codes::varchar[], region_code))
