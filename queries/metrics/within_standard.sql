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
    shown($by::varchar[], 'month', cohort_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'standard_id', standard_id) as standard_id,
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
    and picked($months::date[], cohort_month)
    and dated($date_from::date, $date_to::date, cohort_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($standards::varchar[], standard_id)
group by all
