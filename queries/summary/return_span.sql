-- The spans of waiting_span once more, with what the national return asks: the test, whether the return counts the examination, and the
-- day from which planned surveillance is due. A RIS holds no due date. A trust has six weeks from it to examine, so that a planned
-- request is taken to be due 42 days before its examination, else its appointment; without either it is not yet due.
-- grain: one row a span x trust x site x test x whether it is in scope x wait category x day due
-- reads: exam, exam_test
-- params: none
-- returns: asked_date date, left_date date, due_date date, trust_code varchar, site_code varchar, test varchar, is_in_scope boolean,
--   wait_category varchar, count_requests bigint
with asked as (
    select
        exam.trust_code,
        exam.site_code,
        exam_test.test,
        exam_test.is_in_scope,
        exam.wait_category,
        coalesce(exam.clock_reset_date, exam.received_date) as asked_date,
        case
            when exam.status = 'completed' and exam.clock_state <> 'after_as_of' then exam.exam_date
            when exam.status = 'cancelled' and exam.cancelled_date <= exam.as_of_date then exam.cancelled_date
            when exam.status = 'did_not_attend' and exam.booked_date <= exam.as_of_date then exam.booked_date
        end as left_date,
        case when exam.wait_category = 'planned' then coalesce(exam.exam_date, exam.booked_date) - 42 end as due_date,
        exam.as_of_date,
    from exam
    inner join exam_test
        on exam.modality = exam_test.modality
        and exam.exam_code is not distinct from exam_test.exam_code
        and exam.exam_name is not distinct from exam_test.exam_name
    where
        exam.vetting_outcome is distinct from 'rejected'
        and exam.status is not null
        and (exam.status <> 'completed' or exam.exam_date is not null)
        and (exam.status <> 'cancelled' or exam.cancelled_date is not null)
        and (exam.status <> 'did_not_attend' or exam.booked_date is not null)
)

select
    asked_date,
    left_date,
    due_date,
    trust_code,
    site_code,
    test,
    is_in_scope,
    wait_category,
    count(*) as count_requests,
from asked
where
    asked_date <= as_of_date
    and (left_date is null or left_date > asked_date)
group by all
