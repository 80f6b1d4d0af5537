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
        case when list_contains($by::varchar[], 'month') then report_month end as month,
        case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
        case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
        case when list_contains($by::varchar[], 'modality') then modality end as modality,
        case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
        case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
        case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
        case when list_contains($by::varchar[], 'reporting_route') then reporting_route end as reporting_route,
        sum(case when array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route) then count_reports end) as count_reports,
        sum(count_reports) as count_reports_here,
    from report_day
    where
        (array_length($months::date[]) = 0 or list_contains($months::date[], report_month))
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
        and ($date_from::date is null or report_date >= $date_from::date)
        and ($date_to::date is null or report_date <= $date_to::date)
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
