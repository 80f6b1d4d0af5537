-- Examinations old enough to judge, by how the time that a limit allows ended: reported by each route, reported later, or not yet reported.
-- These are the ends of one wait, and they compete: a breakdown or filter by how it ended never shrinks count_any_end, so that the
-- parts add up to it. $limit: 28_days, 28 local calendar days; standard, the examination's own standard.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked, clocked_month
-- params: limit varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], endings varchar[], date_from date, date_to date, is_whole_months boolean
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, ended_by varchar, count_exams hugeint people,
--   count_any_end hugeint people
with exams as (
    select *, cohort_month as cohort_date, account_month as account_date from clocked_month where $is_whole_months::boolean
    union all by name
    select *, 1 as count_exams from clocked where not $is_whole_months::boolean
),

judged as (
    select
        *,
        case
            when case $limit::varchar when 'standard' then standard_state = 'met' else is_within_28_days end
                then coalesce(reporting_route, 'route_not_stated')
            when is_ended then 'reported_later'
            else 'not_yet_reported'
        end as ended_by,
    from exams
    where
        clock = 'report'
        and case $limit::varchar when 'standard' then standard_state in ('met', 'missed') else is_within_28_days is not null end
        and picked($months::date[], cohort_month)
        and dated($date_from::date, $date_to::date, cohort_date)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
),

counted as (
    select
        shown($by::varchar[], 'month', cohort_month) as month,
        shown($by::varchar[], 'trust_code', trust_code) as trust_code,
        shown($by::varchar[], 'site_code', site_code) as site_code,
        shown($by::varchar[], 'modality', modality) as modality,
        shown($by::varchar[], 'patient_class', patient_class) as patient_class,
        shown($by::varchar[], 'urgency', urgency) as urgency,
        shown($by::varchar[], 'pathway', pathway) as pathway,
        shown($by::varchar[], 'ended_by', ended_by) as ended_by,
        sum(case when picked($endings::varchar[], ended_by) then count_exams end) as count_exams,
        sum(count_exams) as count_here,
    from judged
    group by all
)

select
    month, trust_code, site_code, modality, patient_class, urgency, pathway, ended_by,
    coalesce(count_exams, 0) as count_exams,
    sum(count_here) over (partition by month, trust_code, site_code, modality, patient_class, urgency, pathway) as count_any_end,
from counted
qualify
    counted.count_exams is not null
    or not list_contains($by::varchar[], 'ended_by')
