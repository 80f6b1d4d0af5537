-- The naive figure, to be shown beside the honest one and never instead: quantiles of the examinations that were reported, as if the
-- unreported did not exist. The longer an examination waits the surer it is missing here.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked
-- params: clock varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_exams bigint people, count_unreported bigint people,
--   median_hours double hours, p90_hours double hours, p95_hours double hours
select
    shown($by::varchar[], 'month', cohort_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    count(*) filter (where is_ended) as count_exams,
    count(*) filter (where not is_ended) as count_unreported,
    quantile_cont(case when is_ended then minutes end, 0.5) / 60e0 as median_hours,
    quantile_cont(case when is_ended then minutes end, 0.9) / 60e0 as p90_hours,
    quantile_cont(case when is_ended then minutes end, 0.95) / 60e0 as p95_hours,
from clocked
where
    clock = $clock::varchar
    and state = 'counted'
    and picked($months::date[], cohort_month)
    and dated($date_from::date, $date_to::date, cohort_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
group by all
