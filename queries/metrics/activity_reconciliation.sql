-- The steps from the examinations we count to the published activity of the same months. All steps together are the published figure.
-- grain: one row a combination of the dimensions in $by
-- reads: activity_bridge
-- params: by varchar[], months date[], trusts varchar[], tests varchar[], wait_categories varchar[], steps varchar[], date_from date,
--   date_to date
-- returns: month date, trust_code varchar, test varchar, wait_category varchar, step varchar,
--   count_exams hugeint people, vintage varchar
select
    case when list_contains($by::varchar[], 'month') then month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'test') then test end as test,
    case when list_contains($by::varchar[], 'wait_category') then wait_category end as wait_category,
    case when list_contains($by::varchar[], 'step') then step end as step,
    sum(count_exams) as count_exams,
    max(vintage) as vintage,
from activity_bridge
where
    state = 'counted'
    and (array_length($months::date[]) = 0 or list_contains($months::date[], month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($tests::varchar[]) = 0 or list_contains($tests::varchar[], test))
    and (array_length($wait_categories::varchar[]) = 0 or list_contains($wait_categories::varchar[], wait_category))
    and (array_length($steps::varchar[]) = 0 or list_contains($steps::varchar[], step))
    and ($date_from::date is null or month_end >= $date_from::date)
    and ($date_to::date is null or month_end <= $date_to::date)
group by all
