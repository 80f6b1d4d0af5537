-- Weeks to report what is unreported at the end of the last day in range, at the pace of the 28 days before it, if nothing new came. A site
-- that opened within the 28 days has the pace of the days since.
-- grain: one row a combination of the dimensions in $by
-- reads: unreported_span, report_flow_day, site, unit_life
-- params: by varchar[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], until_date date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, snapshot_month date, count_unreported hugeint people,
--   count_a_week double people
with opened as (
    select
        site_code,
        min(first_date) as first_date,
    from unit_life
    where work = 'done'
    group by site_code
),

counted as (
    select
        unreported_span.trust_code, unreported_span.site_code, unreported_span.modality,
        unreported_span.patient_class, unreported_span.urgency, unreported_span.pathway,
        sum(unreported_span.count_exams) as count_unreported,
        0e0 as left_a_week,
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
        sum(
            report_flow_day.count_left * 7e0
            / least(28, greatest(1, least($until_date::date, site.data_through_date) - coalesce(opened.first_date, date '1900-01-01') + 1))
        ) as left_a_week,
    from report_flow_day
    inner join site on report_flow_day.site_code = site.site_code
    left join opened on report_flow_day.site_code = opened.site_code
    where
        $until_date::date is not null
        and report_flow_day.flow_date <= least($until_date::date, site.data_through_date)
        and report_flow_day.flow_date > least($until_date::date, site.data_through_date) - 28
    group by all
)

select
    shown($by::varchar[], 'month', date_trunc('month', $until_date::date)::date) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    date_trunc('month', $until_date::date)::date as snapshot_month,
    sum(count_unreported) as count_unreported,
    sum(left_a_week) as count_a_week,
from counted
where
    true
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
group by all
