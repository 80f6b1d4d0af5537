-- Requests a day, whatever became of them, and those that vetting rejected.
-- grain: one row a date of receipt (null where unknown) x trust x site x modality x patient class x urgency x pathway x before the export
-- reads: exam
-- params: none
-- returns: received_month date, received_date date, account_month date, account_date date, trust_code varchar,
--   site_code varchar, modality varchar, patient_class varchar, urgency varchar, pathway varchar, is_before_export boolean,
--   count_requests bigint, count_rejected bigint
select
    date_trunc('month', received_date)::date as received_month,
    received_date,
    date_trunc('month', coalesce(received_date, account_date))::date as account_month,
    coalesce(received_date, account_date) as account_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    is_received_before_export as is_before_export,
    count(*) as count_requests,
    count(*) filter (where vetting_outcome = 'rejected') as count_rejected,
from exam
group by all
order by all
