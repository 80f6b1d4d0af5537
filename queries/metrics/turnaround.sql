-- Kaplan-Meier quantiles of the time from examination to first verification; the unreported are censored at the as-of.
-- grain: one row a combination of the dimensions in $by
-- reads: examined
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], routes varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, reporting_route varchar, count_exams hugeint, count_unreported hugeint,
--   median_hours double, p90_hours double, p95_hours double
with eligible as (
    select
        case when list_contains($by::varchar[], 'month') then exam_month end as month,
        case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
        case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
        case when list_contains($by::varchar[], 'modality') then modality end as modality,
        case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
        case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
        case when list_contains($by::varchar[], 'reporting_route') then reporting_route end as reporting_route,
        minutes,
        is_reported,
    from examined
    where
        clock_state = 'counted'
        and (array_length($months::date[]) = 0 or list_contains($months::date[], exam_month))
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
        and ($date_from::date is null or exam_date >= $date_from::date)
        and ($date_to::date is null or exam_date <= $date_to::date)
),

steps as (
    select
        month, trust_code, site_code, modality, patient_class, urgency, reporting_route,
        minutes,
        count(*) as count_leaving,
        count(*) filter (where is_reported) as count_events,
    from eligible
    group by all
),

at_risk as (
    select
        *,
        sum(count_leaving) over (
            partition by month, trust_code, site_code, modality, patient_class, urgency, reporting_route
            order by minutes desc
            rows between unbounded preceding and current row
        ) as count_at_risk,
    from steps
),

curve as (
    select
        *,
        case
            when count_events = count_at_risk then 0e0
            else exp(sum(case when count_events < count_at_risk then ln(1e0 - count_events / count_at_risk::double) end) over (
                partition by month, trust_code, site_code, modality, patient_class, urgency, reporting_route
                order by minutes
                rows between unbounded preceding and current row
            ))
        end as survival,
    from at_risk
)

select
    month, trust_code, site_code, modality, patient_class, urgency, reporting_route,
    sum(count_leaving) as count_exams,
    sum(count_leaving - count_events) as count_unreported,
    min(minutes) filter (where count_events > 0 and survival <= 0.5e0 + 1e-9) / 60e0 as median_hours,
    min(minutes) filter (where count_events > 0 and survival <= 0.1e0 + 1e-9) / 60e0 as p90_hours,
    min(minutes) filter (where count_events > 0 and survival <= 0.05e0 + 1e-9) / 60e0 as p95_hours,
from curve
group by all
