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
    case when list_contains($by::varchar[], 'month') then cohort_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    count(*) filter (where is_ended) as count_exams,
    count(*) filter (where not is_ended) as count_unreported,
    quantile_cont(case when is_ended then minutes end, 0.5) / 60e0 as median_hours,
    quantile_cont(case when is_ended then minutes end, 0.9) / 60e0 as p90_hours,
    quantile_cont(case when is_ended then minutes end, 0.95) / 60e0 as p95_hours,
from clocked
where
    clock = $clock::varchar
    and state = 'counted'
    and (array_length($months::date[]) = 0 or list_contains($months::date[], cohort_month))
    and ($date_from::date is null or cohort_date >= $date_from::date)
    and ($date_to::date is null or cohort_date <= $date_to::date)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
group by all
