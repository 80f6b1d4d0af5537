-- The narrow table: every completed examination with its dimensions, its clock, and dense numbers for attendance and patient.
-- grain: one row a completed examination
-- reads: exam
-- params: none
-- returns: exam_month date, exam_date date, account_month date, account_date date, trust_code varchar, site_code varchar,
--   modality varchar, patient_class varchar, urgency varchar, pathway varchar, reporting_route varchar, weekday integer, hour integer,
--   is_out_of_hours boolean, event_no bigint, patient_no bigint, clock_state varchar, is_reported boolean, minutes integer,
--   age_days integer, report_days integer
with completed as (
    select *
    from exam
    where status = 'completed'
),

patients as (
    select
        patient_key,
        row_number() over (order by patient_key) as patient_no,
    from (select distinct patient_key from completed where patient_key is not null) as different
),

events as (
    select
        ris_code,
        event_id,
        row_number() over (order by ris_code, event_id) as event_no,
    from (select distinct ris_code, event_id from completed) as different
)

select
    completed.exam_month,
    completed.exam_date,
    date_trunc('month', completed.account_date)::date as account_month,
    completed.account_date,
    completed.trust_code,
    completed.site_code,
    completed.modality,
    completed.patient_class,
    completed.urgency,
    completed.pathway,
    completed.reporting_route,
    completed.exam_weekday as weekday,
    completed.exam_hour as hour,
    completed.is_out_of_hours,
    events.event_no,
    patients.patient_no,
    completed.clock_state,
    completed.is_reported,
    completed.turnaround_minutes as minutes,
    completed.age_days,
    completed.report_days,
from completed
left join patients on completed.patient_key = patients.patient_key
left join events
    on completed.ris_code = events.ris_code
    and completed.event_id = events.event_id
order by exam_month, site_code, modality, minutes
