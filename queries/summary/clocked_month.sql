-- The clocks counted by month: what a question about whole months that needs no minutes reads in place of every examination.
-- is_within_28_days is null where 28 days have not passed, or the times do not tell; of the report clock only.
-- grain: one row a combination of all but the count
-- reads: clocked
-- params: none
-- returns: clock varchar, cohort_month date, account_month date, trust_code varchar, site_code varchar, modality varchar,
--   patient_class varchar, urgency varchar, pathway varchar, reporting_route varchar, reader varchar, supplier varchar, state varchar,
--   standard_id varchar, standard_state varchar, is_within_28_days boolean, is_ended boolean, count_exams bigint
select
    clock,
    cohort_month,
    account_month,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    reader,
    supplier,
    state,
    standard_id,
    standard_state,
    is_within_28_days,
    is_ended,
    count(*) as count_exams,
from clocked
group by all
order by clock, cohort_month, site_code, modality, patient_class, urgency, pathway, account_month, reporting_route, reader, supplier, state, standard_id, standard_state, is_within_28_days, is_ended
