-- Examinations by their own standard, the one in force for their pathway, modality and class on the day they were done.
-- Met and missed judge the examinations old enough; of the younger some have met it already and the rest are pending.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked, clocked_month
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], standards varchar[], date_from date, date_to date,
--   is_whole_months boolean
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, standard_id varchar, count_met hugeint people,
--   count_mature hugeint people, count_met_early hugeint people, count_pending hugeint people,
--   lowest double share, highest double share
with exams as (
    select *, cohort_month as cohort_date, account_month as account_date from clocked_month where $is_whole_months::boolean
    union all by name
    select *, 1 as count_exams from clocked where not $is_whole_months::boolean
)

select
    case when list_contains($by::varchar[], 'month') then cohort_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    case when list_contains($by::varchar[], 'standard_id') then standard_id end as standard_id,
    sum(case when standard_state = 'met' then count_exams else 0 end) as count_met,
    sum(case when standard_state in ('met', 'missed') then count_exams else 0 end) as count_mature,
    sum(case when standard_state = 'met_early' then count_exams else 0 end) as count_met_early,
    sum(case when standard_state = 'pending' then count_exams else 0 end) as count_pending,
    sum(case when standard_state in ('met', 'met_early') then count_exams else 0 end) / sum(count_exams)::double as lowest,
    sum(case when standard_state in ('met', 'met_early', 'pending') then count_exams else 0 end) / sum(count_exams)::double as highest,
from exams
where
    clock = 'report'
    and standard_state is not null
    and (array_length($months::date[]) = 0 or list_contains($months::date[], cohort_month))
    and ($date_from::date is null or cohort_date >= $date_from::date)
    and ($date_to::date is null or cohort_date <= $date_to::date)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($standards::varchar[]) = 0 or list_contains($standards::varchar[], standard_id))
group by all
