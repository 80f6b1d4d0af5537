-- The steps from the examinations we count to the published activity of the same months. All steps together are the published figure.
-- grain: one row a combination of the dimensions in $by
-- reads: activity_bridge
-- params: by varchar[], months date[], trusts varchar[], tests varchar[], wait_categories varchar[], steps varchar[], date_from date,
--   date_to date
-- returns: month date, trust_code varchar, test varchar, wait_category varchar, step varchar,
--   count_exams hugeint people, vintage varchar
select
    shown($by::varchar[], 'month', month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'test', test) as test,
    shown($by::varchar[], 'wait_category', wait_category) as wait_category,
    shown($by::varchar[], 'step', step) as step,
    sum(count_exams) as count_exams,
    max(vintage) as vintage,
from activity_bridge
where
    state = 'counted'
    and picked($months::date[], month)
    and picked($trusts::varchar[], trust_code)
    and picked($tests::varchar[], test)
    and picked($wait_categories::varchar[], wait_category)
    and picked($steps::varchar[], step)
    and dated($date_from::date, $date_to::date, month_end)
group by all
