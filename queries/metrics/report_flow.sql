-- Examinations that came to the reporting room and reports that left it.
-- grain: one row a combination of the dimensions in $by
-- reads: report_flow_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, count_arrived hugeint people,
--   count_left hugeint people
select
    case when list_contains($by::varchar[], 'month') then flow_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    case when list_contains($by::varchar[], 'reporting_route') then reporting_route end as reporting_route,
    sum(count_arrived) as count_arrived,
    sum(count_left) as count_left,
from report_flow_day
where
    true
    and (array_length($months::date[]) = 0 or list_contains($months::date[], flow_month))
    and ($date_from::date is null or flow_date >= $date_from::date)
    and ($date_to::date is null or flow_date <= $date_to::date)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
group by all
