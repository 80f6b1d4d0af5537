-- Examinations that stand beside a published figure, and those that cannot, by reason. A step is made of the same examinations, so that
-- a choice of steps leaves the account as it is.
-- grain: one row a reason; counted is what the figure stands on
-- reads: activity_bridge
-- params: months date[], trusts varchar[], tests varchar[], wait_categories varchar[], steps varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint people
select
    state as reason,
    sum(count_exams) as count_exams,
from activity_bridge
where
    step = 'ours'
    and picked($months::date[], month)
    and picked($trusts::varchar[], trust_code)
    and picked($tests::varchar[], test)
    and picked($wait_categories::varchar[], wait_category)
    and (picked($steps::varchar[], step) or step = 'ours')
    and dated($date_from::date, $date_to::date, month_end)
group by all
