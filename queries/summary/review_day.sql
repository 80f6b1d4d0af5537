-- Reviewed reports by the day of their first review, with the gravest grade that any of their reviews gave.
-- State says whether a report is counted: a review of an examination that the extract does not hold has no site, and is in no site's figure.
-- grain: one row a day of first review x trust x site x modality x patient class x urgency x pathway x route of the report x reader x supplier x how sampled x reporter x state
-- reads: reviewed_report, exam
-- params: none
-- returns: review_month date, review_date date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, reader varchar, supplier varchar,
--   sampled_how varchar, reporter_key bigint, state varchar, count_reviewed bigint,
--   count_minor bigint, count_moderate bigint, count_major bigint, count_discrepant bigint
select
    date_trunc('month', reviewed_report.review_date)::date as review_month,
    reviewed_report.review_date,
    exam.trust_code,
    exam.site_code,
    exam.modality,
    exam.patient_class,
    exam.urgency,
    exam.pathway,
    exam.reporting_route,
    exam.reader,
    exam.supplier,
    reviewed_report.sampled_how,
    exam.reporter_key,
    case
        when exam.exam_id is null then 'no_exam'
        when not exam.is_reported then 'no_report'
        when reviewed_report.review_date is null then 'no_review_date'
        when reviewed_report.sampled_how is null then 'no_sampling'
        when reviewed_report.gravity is null then 'no_grade'
        else 'counted'
    end as state,
    count(*) as count_reviewed,
    count(*) filter (where reviewed_report.gravity = 1) as count_minor,
    count(*) filter (where reviewed_report.gravity = 2) as count_moderate,
    count(*) filter (where reviewed_report.gravity = 3) as count_major,
    count(*) filter (where reviewed_report.gravity >= 2) as count_discrepant,
from reviewed_report
left join exam on reviewed_report.exam_id = exam.exam_id
group by all
order by all
