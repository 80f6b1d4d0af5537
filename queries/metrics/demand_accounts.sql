-- How many requests have a date of receipt and were not rejected.
-- grain: one row a reason; counted is what the figure stands on
-- reads: demand_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint people
with kept as (
    select *
    from demand_day
    where
        (array_length($months::date[]) = 0 or list_contains($months::date[], account_month))
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
        and ($date_from::date is null or account_date >= $date_from::date)
        and ($date_to::date is null or account_date <= $date_to::date)
)

select
    'counted' as reason,
    coalesce(sum(count_requests - count_rejected) filter (where received_date is not null and not coalesce(is_before_export, false)), 0) as count_exams,
from kept
union all
select
    'before_export' as reason,
    coalesce(sum(count_requests) filter (where is_before_export), 0) as count_exams,
from kept
union all
select
    'vetting_rejected' as reason,
    coalesce(sum(count_rejected) filter (where received_date is not null and not coalesce(is_before_export, false)), 0) as count_exams,
from kept
union all
select
    'no_received_time' as reason,
    coalesce(sum(count_requests) filter (where received_date is null), 0) as count_exams,
from kept
