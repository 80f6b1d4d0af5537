-- Cancellations and missed appointments, and those whose day is not known.
-- grain: one row a reason; counted is what the figure stands on
-- reads: booking_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], outcomes varchar[], reasons varchar[], date_from date, date_to date
-- returns: reason varchar, count_requests hugeint people
select
    case when outcome_date is null then 'no_end_time' else 'counted' end as reason,
    sum(count_requests) as count_requests,
from booking_day
where
    outcome <> 'attended'
    and (array_length($months::date[]) = 0 or list_contains($months::date[], account_month))
    and ($date_from::date is null or account_date >= $date_from::date)
    and ($date_to::date is null or account_date <= $date_to::date)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($outcomes::varchar[]) = 0 or list_contains($outcomes::varchar[], outcome))
    and (array_length($reasons::varchar[]) = 0 or list_contains($reasons::varchar[], booking_day.reason))
group by all
