-- Requests cancelled and appointments missed, with the reason the RIS gives.
-- grain: one row a combination of the dimensions in $by
-- reads: booking_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], outcomes varchar[], reasons varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, outcome varchar, reason varchar, count_requests hugeint people
select
    case when list_contains($by::varchar[], 'month') then outcome_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    case when list_contains($by::varchar[], 'outcome') then outcome end as outcome,
    case when list_contains($by::varchar[], 'reason') then reason end as reason,
    sum(count_requests) as count_requests,
from booking_day
where
    outcome <> 'attended'
    and outcome_date is not null
    and (array_length($months::date[]) = 0 or list_contains($months::date[], outcome_month))
    and ($date_from::date is null or outcome_date >= $date_from::date)
    and ($date_to::date is null or outcome_date <= $date_to::date)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($outcomes::varchar[]) = 0 or list_contains($outcomes::varchar[], outcome))
    and (array_length($reasons::varchar[]) = 0 or list_contains($reasons::varchar[], reason))
group by all
