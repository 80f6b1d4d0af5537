-- Outpatients and GP patients who did not attend, of those booked who attended or did not.
-- grain: one row a combination of the dimensions in $by
-- reads: booking_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_missed hugeint people, count_booked hugeint people
select
    shown($by::varchar[], 'month', outcome_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    coalesce(sum(count_requests) filter (where outcome = 'did_not_attend'), 0) as count_missed,
    sum(count_requests) as count_booked,
from booking_day
where
    outcome in ('attended', 'did_not_attend')
    and patient_class in ('03', '04')
    and outcome_date is not null
    and picked($months::date[], outcome_month)
    and dated($date_from::date, $date_to::date, outcome_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
group by all
