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
    and (array_length($months::date[]) = 0 or list_contains($months::date[], month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($tests::varchar[]) = 0 or list_contains($tests::varchar[], test))
    and (array_length($wait_categories::varchar[]) = 0 or list_contains($wait_categories::varchar[], wait_category))
    and (array_length($steps::varchar[]) = 0 or list_contains($steps::varchar[], step) or step = 'ours')
    and ($date_from::date is null or month_end >= $date_from::date)
    and ($date_to::date is null or month_end <= $date_to::date)
group by all
