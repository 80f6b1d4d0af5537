-- Reviewed reports that a peer review graded moderate or major, the latest review first, a page of them: the unit is the report, as in
-- review_day, once for random samples and reviews of everything and once for each other way. Its grade is the gravest, its date that of its
-- first review. Reports chosen for a reason, or referred, are listed only where the filter names how they were sampled. Nobody is named.
-- grain: one row a report x way of sampling
-- reads: peer_review, exam
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], samplings varchar[], date_from date, date_to date, max_rows integer,
--   skipped_rows integer
-- returns: exam_id bigint, site_code varchar, modality varchar, exam_name varchar, patient_class varchar, urgency varchar,
--   pathway varchar, reporting_route varchar, exam_local timestamp, review_date date, grade varchar, sampled_how varchar, count_all bigint
with ways as (
    select
        exam_id,
        reviewed_date,
        case when sampled_how = 'all' then 'random' else sampled_how end as way,
        sampled_how,
        grade,
        case grade when 'agree' then 0 when 'minor' then 1 when 'moderate' then 2 when 'major' then 3 end as gravity,
    from peer_review
),

reports as (
    select
        exam_id,
        min(reviewed_date) as review_date,
        first(sampled_how order by reviewed_date nulls last, sampled_how desc) as sampled_how,
        max(gravity) as gravity,
        arg_max(grade, gravity) as grade,
    from ways
    group by exam_id, way
),

listed as (
    select
        exam.*,
        reports.review_date,
        reports.grade,
        reports.sampled_how,
    from reports
    inner join exam on reports.exam_id = exam.exam_id
    where
        exam.is_reported
        and reports.review_date is not null
        and reports.gravity >= 2
        and case
            when filtered($samplings::varchar[]) then list_contains($samplings::varchar[], reports.sampled_how)
            else reports.sampled_how in ('random', 'all')
        end
        and picked($months::date[], date_trunc('month', reports.review_date)::date)
        and dated($date_from::date, $date_to::date, reports.review_date)
        and picked($trusts::varchar[], exam.trust_code)
        and picked($sites::varchar[], exam.site_code)
        and picked($modalities::varchar[], exam.modality)
        and picked($patient_classes::varchar[], exam.patient_class)
        and picked($urgencies::varchar[], exam.urgency)
        and picked($pathways::varchar[], exam.pathway)
        and picked($routes::varchar[], exam.reporting_route)
        and picked($readers::varchar[], exam.reader)
        and picked($suppliers::varchar[], exam.supplier)
),

totals as (
    select count(*) as count_all
    from listed
)

select
    exam_id,
    site_code,
    modality,
    exam_name,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    exam_local,
    review_date,
    grade,
    sampled_how,
    totals.count_all,
from listed
cross join totals
order by review_date desc, exam_id, sampled_how
limit $max_rows::integer
offset $skipped_rows::integer
