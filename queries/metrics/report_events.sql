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
    case when list_contains($by::varchar[], 'month') then report_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    case when list_contains($by::varchar[], 'reporting_route') then reporting_route end as reporting_route,
    case when list_contains($by::varchar[], 'reader') then reader end as reader,
    case when list_contains($by::varchar[], 'supplier') then supplier end as supplier,
    sum(count_amended) as count_amended,
    sum(count_clinical) as count_clinical,
    sum(count_administrative) as count_administrative,
    sum(count_mature) as count_reports,
    sum(count_recommending) as count_recommending,
    sum(count_recorded) as count_recorded,
from report_day
where
    (array_length($months::date[]) = 0 or list_contains($months::date[], report_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
    and (array_length($readers::varchar[]) = 0 or list_contains($readers::varchar[], reader))
    and (array_length($suppliers::varchar[]) = 0 or list_contains($suppliers::varchar[], supplier))
    and ($date_from::date is null or report_date >= $date_from::date)
    and ($date_to::date is null or report_date <= $date_to::date)
group by all
