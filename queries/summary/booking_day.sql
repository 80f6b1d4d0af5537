-- What became of requests each day: attended or missed on the day they were booked for, cancelled on the day of the cancellation.
-- grain: one row a date (null where unknown) x trust x site x modality x patient class x urgency x pathway x outcome x reason
-- reads: exam
-- params: none
-- returns: outcome_month date, outcome_date date, account_month date, account_date date, trust_code varchar, site_code varchar,
--   modality varchar, patient_class varchar, urgency varchar, pathway varchar, outcome varchar, reason varchar, count_requests bigint
with outcomes as (
    select
        *,
        case status when 'completed' then 'attended' else status end as outcome,
        case status when 'cancelled' then cancelled_date else booked_date end as outcome_date,
        case when status = 'cancelled' then coalesce(cancel_reason, 'Reason not stated') end as reason,
    from exam
    where
        status = 'cancelled'
        or status = 'did_not_attend'
        or (status = 'completed' and booked_date is not null)
)

select
    date_trunc('month', outcome_date)::date as outcome_month,
    outcome_date,
    date_trunc('month', coalesce(outcome_date, account_date))::date as account_month,
    coalesce(outcome_date, account_date) as account_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    outcome,
    reason,
    count(*) as count_requests,
from outcomes
where coalesce(outcome_date, account_date, as_of_date) <= as_of_date
group by all
order by all
