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
        and (array_length($months::date[]) = 0 or list_contains($months::date[], cohort_month))
        and ($date_from::date is null or cohort_date >= $date_from::date)
        and ($date_to::date is null or cohort_date <= $date_to::date)
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
),

counted as (
    select
        case when list_contains($by::varchar[], 'month') then cohort_month end as month,
        case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
        case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
        case when list_contains($by::varchar[], 'modality') then modality end as modality,
        case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
        case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
        case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
        case when list_contains($by::varchar[], 'ended_by') then ended_by end as ended_by,
        sum(case when array_length($endings::varchar[]) = 0 or list_contains($endings::varchar[], ended_by) then count_exams end) as count_exams,
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
