-- Reviewed reports that the discrepancy rate counts, by who made them: so that a cell which is nearly all one reader's is left out. Shown nowhere.
-- grain: one row a combination of the dimensions in $by x reporter
-- reads: review_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], samplings varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, reader varchar, supplier varchar,
--   sampled_how varchar, reporter_key bigint, count_reports hugeint people
select
    shown($by::varchar[], 'month', review_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'reporting_route', reporting_route) as reporting_route,
    shown($by::varchar[], 'reader', reader) as reader,
    shown($by::varchar[], 'supplier', supplier) as supplier,
    shown($by::varchar[], 'sampled_how', sampled_how) as sampled_how,
    reporter_key,
    sum(count_reviewed) as count_reports,
from review_day
where
    state = 'counted'
    and (sampled_how in ('random', 'all') or list_contains($by::varchar[], 'sampled_how') or filtered($samplings::varchar[]))
    and picked($months::date[], review_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
    and picked($readers::varchar[], reader)
    and picked($suppliers::varchar[], supplier)
    and picked($samplings::varchar[], sampled_how)
    and dated($date_from::date, $date_to::date, review_date)
group by all
