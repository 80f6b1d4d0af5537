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
    and (array_length($months::date[]) = 0 or list_contains($months::date[], account_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and ($date_from::date is null or account_date >= $date_from::date)
    and ($date_to::date is null or account_date <= $date_to::date)
group by all
