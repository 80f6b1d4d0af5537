-- From our waiting list to the published one, in steps that add up to it:
--   ours         our waiting list of the modality at the midnight that ends the month, as in waiting_month
--   planned      planned surveillance that is due at the month's end and still waits: on the return's list, on none of ours
--   timing       what the list gains and loses in the three days after: a return is run in the days after the month's end
--   scope        what the return does not count under the test, such as obstetric ultrasound
--   vintage      the latest publication of the month less the first
--   unexplained  the rest of the first publication
-- What cannot be set beside a published figure has a state that says why, and the step ours alone.
-- grain: one row a month x trust x test x step
-- reads: return_month, return_span
-- params: none
-- returns: month date, month_end date, trust_code varchar, test varchar, state varchar, step varchar, count_requests bigint, site_codes varchar[],
--   vintage varchar
with standing as (
    select
        return_month.month,
        return_month.month_end,
        return_month.trust_code,
        return_month.test,
        return_span.is_in_scope,
        return_span.wait_category,
        return_span.due_date,
        return_span.asked_date <= return_month.month_end as is_at_end,
        coalesce(return_span.left_date, date '9999-12-31') > return_month.month_end + 3 as is_after,
        return_span.count_requests,
    from return_month
    inner join return_span
        on return_month.trust_code = return_span.trust_code
        and return_month.test = return_span.test
        and return_span.asked_date <= return_month.month_end + 3
        and coalesce(return_span.left_date, date '9999-12-31') > return_month.month_end
),

moved as (
    select
        month,
        trust_code,
        test,
        sum(count_requests) filter (where wait_category = 'waiting_list' and is_at_end) as ours,
        sum(count_requests) filter (where wait_category = 'planned' and is_in_scope and is_at_end and due_date <= month_end) as planned,
        sum(count_requests) filter (where wait_category = 'waiting_list' and is_in_scope and not is_at_end and is_after) as came,
        sum(count_requests) filter (where wait_category = 'waiting_list' and is_in_scope and is_at_end and not is_after) as went,
        sum(count_requests) filter (where wait_category = 'waiting_list' and not is_in_scope and is_at_end) as outside,
    from standing
    group by month, trust_code, test
),

steps as (
    select
        return_month.*,
        coalesce(moved.ours, 0)::bigint as ours,
        coalesce(moved.planned, 0)::bigint as planned,
        (coalesce(moved.came, 0) - coalesce(moved.went, 0))::bigint as timing,
        -coalesce(moved.outside, 0)::bigint as scope,
        return_month.count_waiting_last - return_month.count_waiting_first as restated,
    from return_month
    left join moved
        on return_month.month = moved.month
        and return_month.trust_code = moved.trust_code
        and return_month.test = moved.test
),

stepped as (
    select *, 'ours' as step, ours as count_requests from steps
    union all
    select *, 'planned' as step, planned as count_requests from steps where state = 'counted'
    union all
    select *, 'timing' as step, timing as count_requests from steps where state = 'counted'
    union all
    select *, 'scope' as step, scope as count_requests from steps where state = 'counted'
    union all
    select *, 'vintage' as step, restated as count_requests from steps where state = 'counted'
    union all
    select *, 'unexplained' as step, count_waiting_first - ours - planned - timing - scope as count_requests from steps where state = 'counted'
)

select
    month,
    month_end,
    trust_code,
    test,
    state,
    step,
    count_requests,
    site_codes,
    vintage,
from stepped
order by all
