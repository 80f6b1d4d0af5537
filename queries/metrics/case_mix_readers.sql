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
    case when list_contains($by::varchar[], 'month') then cohort_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    case when list_contains($by::varchar[], 'reporting_route') then reporting_route end as reporting_route,
    case when list_contains($by::varchar[], 'reader') then reader end as reader,
    case when list_contains($by::varchar[], 'supplier') then supplier end as supplier,
    reporter_key,
    sum(count_judged) as count_reports,
from reports
where
    (array_length($months::date[]) = 0 or list_contains($months::date[], cohort_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
    and (array_length($readers::varchar[]) = 0 or list_contains($readers::varchar[], reader))
    and (array_length($suppliers::varchar[]) = 0 or list_contains($suppliers::varchar[], supplier))
    and ($date_from::date is null or cohort_date >= $date_from::date)
    and ($date_to::date is null or cohort_date <= $date_to::date)
group by all
