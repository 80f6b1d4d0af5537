-- From the examinations we count to the published activity, in steps that add up to it, for each wait category of the return:
--   ours         completed examinations of the modality in the month, as in activity_day
--   timing       those whose appointment lies in another month within three days: in by one date and out by the other
--   scope        what the return does not count under the test, such as obstetric ultrasound
--   vintage      the latest publication of the month less the first
--   unexplained  the rest of the first publication
-- Planned surveillance is activity on both sides, in a category of its own: no step is needed for it. An inpatient or emergency without
-- a wait category is unscheduled. What cannot be set beside a published figure has a state that says why, and the step ours alone.
-- grain: one row a month x trust x test x wait category x step
-- reads: return_month, exam, exam_test
-- params: none
-- returns: month date, month_end date, trust_code varchar, test varchar, wait_category varchar, state varchar, step varchar,
--   count_exams bigint, site_codes varchar[], vintage varchar
with done as (
    select
        exam.exam_month,
        date_trunc('month', coalesce(exam.booked_date, exam.exam_date))::date as booked_month,
        exam.trust_code,
        exam_test.test,
        exam_test.is_in_scope,
        coalesce(exam.wait_category, case when exam.pathway in ('emergency', 'inpatient') then 'unscheduled' end) as wait_category,
        exam_test.is_in_scope
        and date_trunc('month', coalesce(exam.booked_date, exam.exam_date)) <> exam.exam_month
        and abs(exam.booked_date - exam.exam_date) <= 3 as is_across,
    from exam
    inner join exam_test
        on exam.modality = exam_test.modality
        and exam.exam_code is not distinct from exam_test.exam_code
        and exam.exam_name is not distinct from exam_test.exam_name
    where
        exam.status = 'completed'
        and exam.exam_date is not null
),

changes as (
    select exam_month as month, trust_code, test, wait_category, 'ours' as step, count(*) as count_exams
    from done
    group by all
    union all
    select exam_month as month, trust_code, test, wait_category, 'timing' as step, -count(*) as count_exams
    from done
    where is_across
    group by all
    union all
    select booked_month as month, trust_code, test, wait_category, 'timing' as step, count(*) as count_exams
    from done
    where is_across
    group by all
    union all
    select exam_month as month, trust_code, test, wait_category, 'scope' as step, -count(*) as count_exams
    from done
    where not is_in_scope
    group by all
),

published as (
    select *, 'waiting_list' as wait_category, count_waiting_list_first as count_first, count_waiting_list_last as count_last from return_month
    union all
    select *, 'planned' as wait_category, count_planned_first as count_first, count_planned_last as count_last from return_month
    union all
    select *, 'unscheduled' as wait_category, count_unscheduled_first as count_first, count_unscheduled_last as count_last from return_month
),

explained as (
    select
        changes.month,
        changes.trust_code,
        changes.test,
        changes.wait_category,
        changes.step,
        changes.count_exams,
    from changes
    union all
    select month, trust_code, test, wait_category, 'vintage' as step, count_last - count_first as count_exams
    from published
    where state = 'counted'
    union all
    select month, trust_code, test, wait_category, 'unexplained' as step, count_first as count_exams
    from published
    where state = 'counted'
    union all
    select month, trust_code, test, wait_category, 'unexplained' as step, -count_exams as count_exams
    from changes
)

select
    return_month.month,
    return_month.month_end,
    return_month.trust_code,
    return_month.test,
    explained.wait_category,
    return_month.state,
    explained.step,
    sum(explained.count_exams)::bigint as count_exams,
    return_month.site_codes,
    return_month.vintage,
from explained
inner join return_month
    on explained.month = return_month.month
    and explained.trust_code = return_month.trust_code
    and explained.test = return_month.test
where
    return_month.state = 'counted'
    or explained.step = 'ours'
group by all
order by all
