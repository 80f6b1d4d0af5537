-- Examinations that came to the reporting room and reports that left it.
-- grain: one row a combination of the dimensions in $by
-- reads: report_flow_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, count_arrived hugeint people,
--   count_left hugeint people
select
    shown($by::varchar[], 'month', flow_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'reporting_route', reporting_route) as reporting_route,
    sum(count_arrived) as count_arrived,
    sum(count_left) as count_left,
from report_flow_day
where
    true
    and picked($months::date[], flow_month)
    and dated($date_from::date, $date_to::date, flow_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
group by all
