-- Reviewed reports by the day of their first review, with the gravest grade that any of their reviews gave.
-- The unit is the report, not the review. Random samples and reviews of everything are one way of choosing: a report that both hit counts
-- once, under the way of its first review. Reports chosen for a reason, or referred, count apart from them, once each.
-- State says whether a report is counted: a review of an examination that the extract does not hold has no site, and is in no site's figure.
-- grain: one row a day of first review x trust x site x modality x patient class x urgency x pathway x route of the report x how sampled x reporter x state
-- reads: peer_review, exam
-- params: none
-- returns: review_month date, review_date date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, sampled_how varchar, reporter_key bigint, state varchar, count_reviewed bigint,
--   count_minor bigint, count_moderate bigint, count_major bigint, count_discrepant bigint
with ways as (
    select
        exam_id,
        reviewed_date,
        case when sampled_how = 'all' then 'random' else sampled_how end as way,
        sampled_how,
        case grade when 'agree' then 0 when 'minor' then 1 when 'moderate' then 2 when 'major' then 3 end as gravity,
    from peer_review
),

reports as (
    select
        exam_id,
        min(reviewed_date) as review_date,
        first(sampled_how order by reviewed_date nulls last, sampled_how desc) as sampled_how,
        max(gravity) as gravity,
    from ways
    group by exam_id, way
)

select
    date_trunc('month', reports.review_date)::date as review_month,
    reports.review_date,
    exam.trust_code,
    exam.site_code,
    exam.modality,
    exam.patient_class,
    exam.urgency,
    exam.pathway,
    exam.reporting_route,
    reports.sampled_how,
    exam.reporter_key,
    case
        when exam.exam_id is null then 'no_exam'
        when not exam.is_reported then 'no_report'
        when reports.review_date is null then 'no_review_date'
        when reports.sampled_how is null then 'no_sampling'
        when reports.gravity is null then 'no_grade'
        else 'counted'
    end as state,
    count(*) as count_reviewed,
    count(*) filter (where reports.gravity = 1) as count_minor,
    count(*) filter (where reports.gravity = 2) as count_moderate,
    count(*) filter (where reports.gravity = 3) as count_major,
    count(*) filter (where reports.gravity >= 2) as count_discrepant,
from reports
left join exam on reports.exam_id = exam.exam_id
group by all
order by all
