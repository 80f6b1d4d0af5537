-- Completed examinations by whether they can be judged against a 28-day standard.
-- grain: one row a reason; counted is what the figure stands on
-- reads: clocked, clocked_month
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date,
--   is_whole_months boolean
-- returns: reason varchar, count_exams hugeint people
with exams as (
    select *, cohort_month as cohort_date, account_month as account_date from clocked_month where $is_whole_months::boolean
    union all by name
    select *, 1 as count_exams from clocked where not $is_whole_months::boolean
)

select
    case
        when is_within_28_days is not null then 'counted'
        when state in ('counted', 'date_only') then 'too_recent'
        else state
    end as reason,
    sum(count_exams) as count_exams,
from exams
where
    clock = 'report'
    and picked($months::date[], account_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and dated($date_from::date, $date_to::date, account_date)
group by all
