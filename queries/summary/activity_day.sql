-- Completed examinations a day, those with a time of day, and those out of hours.
-- grain: one row an examination date (null where unknown) x trust x site x modality x patient class x urgency x pathway
-- reads: examined
-- params: none
-- returns: exam_month date, exam_date date, account_month date, account_date date, trust_code varchar, site_code varchar,
--   modality varchar, patient_class varchar, urgency varchar, pathway varchar, count_exams bigint, count_timed bigint, count_out_of_hours bigint
select
    exam_month,
    exam_date,
    account_month,
    account_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    count(*) as count_exams,
    count(*) filter (where exam_date is not null and hour is not null) as count_timed,
    count(*) filter (where is_out_of_hours) as count_out_of_hours,
from examined
group by all
order by all
