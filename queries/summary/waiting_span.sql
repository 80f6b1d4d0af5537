-- Each day a request waits for its examination, as a span: it waits at the end of every day from asked_date to the day before
-- left_date (null: it still waits). It leaves by the examination, a cancellation or a missed appointment.
-- gone_date: left_date, or the end of time where it still waits or its wait cannot be told; the table is sorted by it, so that what waits on a day is read almost alone.
-- grain: one row a span x trust x site x modality x patient class x urgency x pathway x wait category x booking
-- reads: exam
-- params: none
-- returns: asked_date date, left_date date, gone_date date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
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
    from exam
)

select
    asked_date,
    left_date,
    case when state = 'counted' then coalesce(left_date, date '9999-12-31') else date '9999-12-31' end as gone_date,
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
from asked
where
    state <> 'counted'
    or (
        asked_date <= as_of_date
        and (left_date is null or left_date > asked_date)
    )
group by all
order by gone_date desc, site_code, modality, asked_date, trust_code, patient_class, urgency, pathway, wait_category, state, booking, left_date
