-- Each day a request waits for its examination, as a span: it waits at the end of every day from asked_date to the day before
-- left_date (null: it still waits). It leaves by the examination, a cancellation or a missed appointment.
-- from_date and gone_date: between which days it waits, or, where a time is missing, may wait, so that what is left out on a day is of that day
-- too. An end without a date lies at most 13 weeks after the request and before the data ends; a request without a date of receipt lies at
-- most 13 weeks before its end. gone_date is the end of time where it still waits; the table is sorted by it, so that what waits on a day
-- is read almost alone.
-- grain: one row a span x trust x site x modality x patient class x urgency x pathway x wait category x booking
-- reads: exam
-- params: none
-- returns: asked_date date, from_date date, left_date date, gone_date date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, wait_category varchar, booking varchar, state varchar, count_requests bigint
with asked as (
    select
        *,
        coalesce(clock_reset_date, received_date) as asked_date,
        case
            when status = 'completed' and clock_state <> 'after_as_of' then exam_date
            when status = 'cancelled' and cancelled_date <= as_of_date then cancelled_date
            when status = 'did_not_attend' and booked_date <= as_of_date then booked_date
        end as left_date,
        case
            when vetting_outcome = 'rejected' then 'vetting_rejected'
            when coalesce(clock_reset_date, received_date) is null then 'no_received_time'
            when status is null then 'no_status'
            when status = 'completed' and exam_date is null then 'no_exam_time'
            when status = 'cancelled' and cancelled_date is null then 'no_end_time'
            when status = 'did_not_attend' and booked_date is null then 'no_end_time'
            else 'counted'
        end as state,
        case
            when status in ('requested', 'booked') and vetting_outcome is distinct from 'rejected' then date '9999-12-31'
            when (status = 'cancelled' and cancelled_date > as_of_date) or (status = 'did_not_attend' and booked_date > as_of_date)
                or (status = 'completed' and clock_state = 'after_as_of') then date '9999-12-31'
            else least(coalesce(clock_reset_date, received_date) + 91, as_of_date)
        end as latest_date,
    from exam
),

spanned as (
    select
        *,
        coalesce(left_date, latest_date) as gone_date,
        coalesce(asked_date, least(coalesce(left_date, latest_date), as_of_date) - 91) as from_date,
    from asked
)

select
    asked_date,
    from_date,
    left_date,
    gone_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    wait_category,
    case when left_date is null then case when status = 'booked' then 'booked' else 'unbooked' end end as booking,
    state,
    count(*) as count_requests,
from spanned
where
    from_date <= as_of_date
    and gone_date > from_date
group by all
order by gone_date desc, site_code, modality, asked_date, trust_code, patient_class, urgency, pathway, wait_category, state, booking, from_date, left_date
