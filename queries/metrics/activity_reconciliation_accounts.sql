-- Examinations that stand beside a published figure, and those that cannot, by reason. A step is made of the same examinations, so that
-- a choice of steps leaves the account as it is.
-- grain: one row a reason; counted is what the figure stands on
-- reads: activity_bridge, site_period
-- params: months date[], trusts varchar[], tests varchar[], wait_categories varchar[], steps varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint
with seen as (
    select
        calendar_month.month,
        site_period.trust_code,
        count(distinct site_period.site_code) as count_sites,
    from (select distinct month, month_end from activity_bridge) as calendar_month
    inner join site_period
        on site_period.valid_from <= calendar_month.month_end
        and site_period.valid_to > calendar_month.month
    group by all
)

select
    state as reason,
    sum(count_exams) as count_exams,
from activity_bridge
semi join seen
    on activity_bridge.month = seen.month
    and activity_bridge.trust_code = seen.trust_code
    and activity_bridge.count_sites = seen.count_sites
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
