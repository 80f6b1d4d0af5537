-- Reports that one measure of the case mix judges, by who made them: so that a cell which is nearly all one reader's is left out. Shown nowhere.
-- Whoever reports for the site has their route as reader.
-- grain: one row a combination of the dimensions in $by x reporter
-- reads: case_mix
-- params: by varchar[], measure varchar, months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, reader varchar, supplier varchar,
--   reporter_key bigint, count_reports hugeint people
with reports as (
    select
        *,
        case when reader in ('radiologist', 'registrar', 'reporting_radiographer', 'in_house_other') then 'in_house' else reader end as reporting_route,
    from case_mix
    where measure = $measure
)

select
    shown($by::varchar[], 'month', cohort_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'reporting_route', reporting_route) as reporting_route,
    shown($by::varchar[], 'reader', reader) as reader,
    shown($by::varchar[], 'supplier', supplier) as supplier,
    reporter_key,
    sum(count_judged) as count_reports,
from reports
where
    picked($months::date[], cohort_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
    and picked($readers::varchar[], reader)
    and picked($suppliers::varchar[], supplier)
    and dated($date_from::date, $date_to::date, cohort_date)
group by all
