-- Unreported examinations at the end of each month; without month in $by, at the end of the last day in range.
-- grain: one row a combination of the dimensions in $by; one snapshot, or one a month
-- reads: unreported_month, unreported_span, site
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], bands varchar[], places varchar[], date_from date,
--   date_to date, until_date date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, band varchar, place varchar,
--   snapshot_month date, count_exams hugeint people, count_over_10_days hugeint people,
--   count_over_standard hugeint people, count_not_required hugeint people, oldest_days integer days
with standing as (
    select
        $until_date::date as snapshot_date,
        least($until_date::date, site.data_through_date) as as_of_date,
        (least($until_date::date, site.data_through_date) - unreported_span.exam_date)::integer as age_days,
        case when $until_date::date >= site.data_through_date then unreported_span.reporting_route end as known_route,
        unreported_span.*,
    from unreported_span
    inner join site on unreported_span.site_code = site.site_code
    where
        not list_contains($by::varchar[], 'month')
        and unreported_span.exam_date <= $until_date::date
        and unreported_span.gone_date > $until_date::date
),

snapshots as (
    select
        snapshot_month,
        trust_code, site_code, modality, patient_class, urgency, pathway, reporting_route, band, place,
        count_exams, count_over_10_days, count_over_standard, count_not_required, oldest_days,
    from unreported_month
    where
        list_contains($by::varchar[], 'month')
        and picked($months::date[], snapshot_month)
        and dated($date_from::date, $date_to::date, snapshot_date)
    union all by name
    select
        date_trunc('month', snapshot_date)::date as snapshot_month,
        trust_code, site_code, modality, patient_class, urgency, pathway,
        known_route as reporting_route,
        case
            when age_days <= 2 then '1 0 to 2 days'
            when age_days <= 7 then '2 3 to 7 days'
            when age_days <= 14 then '3 8 to 14 days'
            when age_days <= 28 then '4 15 to 28 days'
            else '5 over 28 days'
        end as band,
        case
            when known_route = 'outsourced' then 'supplier'
            when preliminary_date <= as_of_date then 'preliminary'
            when assigned_date <= as_of_date then 'assigned'
            when is_assignment_recorded then 'unallocated'
            else 'not_recorded'
        end as place,
        case when is_required then count_exams else 0 end as count_exams,
        case when is_required and age_days >= 10 then count_exams else 0 end as count_over_10_days,
        case when is_required and over_date <= as_of_date then count_exams else 0 end as count_over_standard,
        case when is_required then 0 else count_exams end as count_not_required,
        case when is_required then age_days end as oldest_days,
    from standing
)

select
    shown($by::varchar[], 'month', snapshot_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'reporting_route', reporting_route) as reporting_route,
    shown($by::varchar[], 'band', band) as band,
    shown($by::varchar[], 'place', place) as place,
    snapshot_month,
    sum(count_exams) as count_exams,
    sum(count_over_10_days) as count_over_10_days,
    sum(count_over_standard) as count_over_standard,
    sum(count_not_required) as count_not_required,
    max(oldest_days) as oldest_days,
from snapshots
where
    true
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
    and picked($bands::varchar[], band)
    and picked($places::varchar[], place)
group by all
