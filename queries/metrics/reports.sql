-- Examinations first verified, and those verified by any route.
-- grain: one row a combination of the dimensions in $by
-- reads: report_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], routes varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, count_reports hugeint people,
--   count_reports_any_route hugeint people
with counted as (
    select
        shown($by::varchar[], 'month', report_month) as month,
        shown($by::varchar[], 'trust_code', trust_code) as trust_code,
        shown($by::varchar[], 'site_code', site_code) as site_code,
        shown($by::varchar[], 'modality', modality) as modality,
        shown($by::varchar[], 'patient_class', patient_class) as patient_class,
        shown($by::varchar[], 'urgency', urgency) as urgency,
        shown($by::varchar[], 'pathway', pathway) as pathway,
        shown($by::varchar[], 'reporting_route', reporting_route) as reporting_route,
        sum(case when picked($routes::varchar[], reporting_route) then count_reports end) as count_reports,
        sum(count_reports) as count_reports_here,
    from report_day
    where
        picked($months::date[], report_month)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        and dated($date_from::date, $date_to::date, report_date)
    group by all
)

select
    month, trust_code, site_code, modality, patient_class, urgency, pathway, reporting_route,
    coalesce(count_reports, 0) as count_reports,
    sum(count_reports_here) over (partition by month, trust_code, site_code, modality, patient_class, urgency, pathway) as count_reports_any_route,
from counted
qualify
    counted.count_reports is not null
    or not list_contains($by::varchar[], 'reporting_route')
