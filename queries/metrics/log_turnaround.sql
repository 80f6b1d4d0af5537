-- Logarithms of the minutes to the report, of the reported alone: sums from which a share of the variation is told, never a time.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked
-- params: clock varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, sum_log double statistic, sum_squares double statistic,
--   count_reported bigint people
select
    shown($by::varchar[], 'month', cohort_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    sum(ln(greatest(minutes, 1))) as sum_log,
    sum(ln(greatest(minutes, 1)) ^ 2) as sum_squares,
    count(*) as count_reported,
from clocked
where
    clock = $clock::varchar
    and state = 'counted'
    and is_ended
    and picked($months::date[], cohort_month)
    and dated($date_from::date, $date_to::date, cohort_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
group by all
