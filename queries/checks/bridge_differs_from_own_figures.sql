-- A month and trust whose step 'ours' differs from the waiting list or the activity of the same modalities.
-- grain: one row an offending month x trust x measure
-- reads: list_bridge, activity_bridge, waiting_month, activity_day, dm01_scope
-- params: none
-- returns: month date, trust_code varchar, measure varchar, count_bridge hugeint, count_own hugeint
with counted as (
    select month, trust_code, 'list' as measure, sum(count_requests) as count_bridge, 0 as count_own
    from list_bridge
    where step = 'ours'
    group by all
    union all
    select month, trust_code, 'activity' as measure, sum(count_exams) as count_bridge, 0 as count_own
    from activity_bridge
    where step = 'ours'
    group by all
    union all
    select snapshot_month as month, trust_code, 'list' as measure, 0 as count_bridge, sum(count_waiting) as count_own
    from waiting_month
    semi join dm01_scope on waiting_month.modality = dm01_scope.modality
    where wait_category = 'waiting_list'
    group by all
    union all
    select exam_month as month, trust_code, 'activity' as measure, 0 as count_bridge, sum(count_exams) as count_own
    from activity_day
    semi join dm01_scope on activity_day.modality = dm01_scope.modality
    where exam_date is not null
    group by all
),

bridged as (
    select
        month,
        trust_code,
    from list_bridge
    group by all
    having bool_and(state = 'counted')
)

select
    counted.month,
    counted.trust_code,
    counted.measure,
    sum(counted.count_bridge) as count_bridge,
    sum(counted.count_own) as count_own,
from counted
semi join bridged
    on counted.month = bridged.month
    and counted.trust_code = bridged.trust_code
group by all
having sum(counted.count_bridge) <> sum(counted.count_own)
