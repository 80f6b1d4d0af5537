-- A month, trust and test whose steps do not add up to the published list or activity.
-- grain: one row an offending month x trust x test x measure
-- reads: list_bridge, activity_bridge, national_current
-- params: none
-- returns: month date, trust_code varchar, test varchar, measure varchar, count_steps hugeint, count_published bigint
with added as (
    select month, trust_code, test, 'list' as measure, sum(count_requests) as count_steps
    from list_bridge
    where state = 'counted'
    group by all
    union all
    select month, trust_code, test, 'activity' as measure, sum(count_exams) as count_steps
    from activity_bridge
    where state = 'counted'
    group by all
),

published as (
    select month, provider_code, test, 'list' as measure, count_waiting as count_published
    from national_current
    union all
    select
        month, provider_code, test, 'activity' as measure,
        count_waiting_list_activity + count_planned_activity + count_unscheduled_activity as count_published,
    from national_current
)

select
    added.month,
    added.trust_code,
    added.test,
    added.measure,
    added.count_steps,
    published.count_published,
from added
left join published
    on added.month = published.month
    and added.trust_code = published.provider_code
    and added.test = published.test
    and added.measure = published.measure
where added.count_steps is distinct from published.count_published
