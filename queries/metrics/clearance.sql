-- Weeks to report what is unreported at the end of the last day in range, at the pace of the 28 days before it, if nothing new came.
-- grain: one row a combination of the dimensions in $by
-- reads: unreported_span, report_flow_day, site
-- params: by varchar[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], until_date date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, snapshot_month date, count_unreported hugeint people,
--   count_a_week double people
with counted as (
    select
        unreported_span.trust_code, unreported_span.site_code, unreported_span.modality,
        unreported_span.patient_class, unreported_span.urgency, unreported_span.pathway,
        sum(unreported_span.count_exams) as count_unreported,
        0 as count_left,
    from unreported_span
    where
        unreported_span.is_required
        and unreported_span.exam_date <= $until_date::date
        and unreported_span.gone_date > $until_date::date
    group by all
    union all
    select
        report_flow_day.trust_code, report_flow_day.site_code, report_flow_day.modality,
        report_flow_day.patient_class, report_flow_day.urgency, report_flow_day.pathway,
        0 as count_unreported,
        sum(report_flow_day.count_left) as count_left,
    from report_flow_day
    inner join site on report_flow_day.site_code = site.site_code
    where
        $until_date::date is not null
        and report_flow_day.flow_date <= least($until_date::date, site.data_through_date)
        and report_flow_day.flow_date > least($until_date::date, site.data_through_date) - 28
    group by all
)

select
    case when list_contains($by::varchar[], 'month') then date_trunc('month', $until_date::date)::date end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    date_trunc('month', $until_date::date)::date as snapshot_month,
    sum(count_unreported) as count_unreported,
    sum(count_left) / 4e0 as count_a_week,
from counted
where
    true
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
group by all
