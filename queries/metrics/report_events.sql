-- What came of reports, by the day of their first verification: those amended within 30 days, among those verified at least 30 days before
-- the data ends; and those that recommend further imaging, among those of which the RIS says whether they do.
-- grain: one row a combination of the dimensions in $by
-- reads: report_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, reader varchar, supplier varchar,
--   count_amended hugeint people, count_clinical hugeint people, count_administrative hugeint people,
--   count_reports hugeint people, count_recommending hugeint people, count_recorded hugeint people
select
    shown($by::varchar[], 'month', report_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'reporting_route', reporting_route) as reporting_route,
    shown($by::varchar[], 'reader', reader) as reader,
    shown($by::varchar[], 'supplier', supplier) as supplier,
    sum(count_amended) as count_amended,
    sum(count_clinical) as count_clinical,
    sum(count_administrative) as count_administrative,
    sum(count_mature) as count_reports,
    sum(count_recommending) as count_recommending,
    sum(count_recorded) as count_recorded,
from report_day
where
    picked($months::date[], report_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
    and picked($readers::varchar[], reader)
    and picked($suppliers::varchar[], supplier)
    and dated($date_from::date, $date_to::date, report_date)
group by all
