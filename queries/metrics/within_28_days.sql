-- Examinations reported within 28 local calendar days, among those done more than 28 days before the data ends.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked, clocked_month
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date,
--   is_whole_months boolean
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_met hugeint people, count_mature hugeint people
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
    sum(case when is_within_28_days then count_exams else 0 end) as count_met,
    sum(count_exams) as count_mature,
from exams
where
    clock = 'report'
    and is_within_28_days is not null
    and (array_length($months::date[]) = 0 or list_contains($months::date[], cohort_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and ($date_from::date is null or cohort_date >= $date_from::date)
    and ($date_to::date is null or cohort_date <= $date_to::date)
group by all
