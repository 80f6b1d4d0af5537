-- Kaplan-Meier quantiles of one clock's times; a wait that has not ended is censored at the site's as-of, or where it was given up.
-- Up to the first censored wait of a cell its curve is the plain share of waits ended, so a quantile that lies there is an order
-- statistic; only cells where one lies beyond need the curve. quantile_disc is outside the portable subset: rewrite it there.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked
-- params: clock varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_exams hugeint people, count_unreported hugeint people,
--   median_hours double hours, p90_hours double hours, p95_hours double hours
with eligible as (
    select
        shown($by::varchar[], 'month', cohort_month) as month,
        shown($by::varchar[], 'trust_code', trust_code) as trust_code,
        shown($by::varchar[], 'site_code', site_code) as site_code,
        shown($by::varchar[], 'modality', modality) as modality,
        shown($by::varchar[], 'patient_class', patient_class) as patient_class,
        shown($by::varchar[], 'urgency', urgency) as urgency,
        shown($by::varchar[], 'pathway', pathway) as pathway,
        minutes,
        is_ended,
    from clocked
    where
        clock = $clock::varchar
        and state = 'counted'
        and picked($months::date[], cohort_month)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        -- Says nothing more, but lets whole blocks of the table go unread: it is sorted by pathway.
        and (not filtered($pathways::varchar[]) or pathway between list_min($pathways::varchar[]) and list_max($pathways::varchar[]))
        and dated($date_from::date, $date_to::date, cohort_date)
),

grouped as (
    select
        month, trust_code, site_code, modality, patient_class, urgency, pathway,
        count(*) as count_exams,
        count(*) filter (where not is_ended) as count_unreported,
        coalesce(min(minutes) filter (where not is_ended), 2147483647) as first_censored,
        quantile_disc(case when is_ended then minutes else 2147483647 end, [0.5, 0.9, 0.95]) as quantiles,
    from eligible
    group by all
),

cells as (
    select
        *,
        row_number() over (order by month, site_code, modality, pathway) as cell,
    from grouped
),

steps as (
    select
        cells.cell,
        eligible.minutes,
        count(*) as count_leaving,
        count(*) filter (where eligible.is_ended) as count_events,
    from eligible
    inner join cells
        on eligible.month is not distinct from cells.month
        and eligible.trust_code is not distinct from cells.trust_code
        and eligible.site_code is not distinct from cells.site_code
        and eligible.modality is not distinct from cells.modality
        and eligible.patient_class is not distinct from cells.patient_class
        and eligible.urgency is not distinct from cells.urgency
        and eligible.pathway is not distinct from cells.pathway
    where cells.quantiles[3] > cells.first_censored
    group by all
),

at_risk as (
    select
        *,
        sum(count_leaving) over (partition by cell order by minutes desc rows between unbounded preceding and current row) as count_at_risk,
    from steps
),

curve as (
    select
        *,
        case
            when count_events = count_at_risk then 0e0
            else exp(sum(case when count_events < count_at_risk then ln(1e0 - count_events / count_at_risk::double) end) over (
                partition by cell
                order by minutes
                rows between unbounded preceding and current row
            ))
        end as survival,
    from at_risk
),

reached as (
    select
        cell,
        min(minutes) filter (where count_events > 0 and survival <= 0.5e0 + 1e-9) as median_minutes,
        min(minutes) filter (where count_events > 0 and survival <= 0.1e0 + 1e-9) as p90_minutes,
        min(minutes) filter (where count_events > 0 and survival <= 0.05e0 + 1e-9) as p95_minutes,
        true as is_curved,
    from curve
    group by cell
)

select
    cells.month, cells.trust_code, cells.site_code, cells.modality, cells.patient_class, cells.urgency, cells.pathway,
    cells.count_exams,
    cells.count_unreported,
    case when reached.is_curved then reached.median_minutes else cells.quantiles[1] end / 60e0 as median_hours,
    case when reached.is_curved then reached.p90_minutes else cells.quantiles[2] end / 60e0 as p90_hours,
    case when reached.is_curved then reached.p95_minutes else cells.quantiles[3] end / 60e0 as p95_hours,
from cells
left join reached on cells.cell = reached.cell
