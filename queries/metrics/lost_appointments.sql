-- Requests cancelled and appointments missed, with the reason the RIS gives.
-- grain: one row a combination of the dimensions in $by
-- reads: booking_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], outcomes varchar[], reasons varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, outcome varchar, reason varchar, count_requests hugeint people
select
    shown($by::varchar[], 'month', outcome_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'outcome', outcome) as outcome,
    shown($by::varchar[], 'reason', reason) as reason,
    sum(count_requests) as count_requests,
from booking_day
where
    outcome <> 'attended'
    and outcome_date is not null
    and picked($months::date[], outcome_month)
    and dated($date_from::date, $date_to::date, outcome_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($outcomes::varchar[], outcome)
    and picked($reasons::varchar[], reason)
group by all
