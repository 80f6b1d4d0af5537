-- What came to the reporting room each day and what left it: examinations that need a report, on the day they were done, and on the
-- day they were first verified. Yesterday's unreported, plus what came, less what left, is today's.
-- grain: one row a date x trust x site x modality x patient class x urgency x pathway x route
-- reads: exam
-- params: none
-- returns: flow_month date, flow_date date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, count_arrived bigint, count_left bigint
with waits as (
    select *
    from exam
    where
        status = 'completed'
        and exam_date is not null
        and clock_state not in ('after_as_of', 'report_not_required')
),

flows as (
    select
        exam_date as flow_date,
        trust_code, site_code, modality, patient_class, urgency, pathway, reporting_route,
        count(*) as count_arrived,
        0 as count_left,
    from waits
    group by all
    union all
    select
        greatest(reported_date, exam_date) as flow_date,
        trust_code, site_code, modality, patient_class, urgency, pathway, reporting_route,
        0 as count_arrived,
        count(*) as count_left,
    from waits
    where is_reported
    group by all
)

select
    date_trunc('month', flow_date)::date as flow_month,
    flow_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    sum(count_arrived)::bigint as count_arrived,
    sum(count_left)::bigint as count_left,
from flows
group by all
order by all
