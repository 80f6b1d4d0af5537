-- Kaplan-Meier curve of one clock: the share still waiting after each time, with a 95 % log-log band by Greenwood's variance.
-- Exact at every minute it names; beyond two hours one time is kept in each step of 2.5 % of its length, the last of the step.
-- grain: one row a combination of the dimensions in $by x time
-- reads: clocked
-- params: clock varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, hours double hours, still_waiting double share, lower double share,
--   upper double share, count_at_risk hugeint people, count_exams hugeint people,
--   count_unreported hugeint people
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
        and dated($date_from::date, $date_to::date, cohort_date)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        -- Says nothing more, but lets whole blocks of the table go unread: it is sorted by pathway.
        and (not filtered($pathways::varchar[]) or pathway between list_min($pathways::varchar[]) and list_max($pathways::varchar[]))
),

steps as (
    select
        month, trust_code, site_code, modality, patient_class, urgency, pathway,
        minutes,
        count(*) as count_leaving,
        count(*) filter (where is_ended) as count_events,
    from eligible
    group by all
),

at_risk as (
    select
        *,
        sum(count_leaving) over (
            partition by month, trust_code, site_code, modality, patient_class, urgency, pathway
            order by minutes desc
            rows between unbounded preceding and current row
        ) as count_at_risk,
        sum(count_leaving) over (partition by month, trust_code, site_code, modality, patient_class, urgency, pathway) as count_exams,
        sum(count_leaving - count_events) over (partition by month, trust_code, site_code, modality, patient_class, urgency, pathway) as count_unreported,
    from steps
),

curve as (
    select
        *,
        case
            when min(count_at_risk - count_events) over (
                partition by month, trust_code, site_code, modality, patient_class, urgency, pathway
                order by minutes
                rows between unbounded preceding and current row
            ) = 0 then 0e0
            else exp(sum(case when count_events < count_at_risk then ln(1e0 - count_events / count_at_risk::double) end) over (
                partition by month, trust_code, site_code, modality, patient_class, urgency, pathway
                order by minutes
                rows between unbounded preceding and current row
            ))
        end as survival,
        sum(case
            when count_events < count_at_risk then count_events / (count_at_risk::double * (count_at_risk - count_events))
        end) over (
            partition by month, trust_code, site_code, modality, patient_class, urgency, pathway
            order by minutes
            rows between unbounded preceding and current row
        ) as greenwood,
        row_number() over (
            partition by
                month, trust_code, site_code, modality, patient_class, urgency, pathway,
                case when minutes <= 120 then minutes else 1000 + floor(ln(minutes::double) / 0.025e0) end
            order by minutes desc
        ) as place_in_step,
    from at_risk
)

select
    month, trust_code, site_code, modality, patient_class, urgency, pathway,
    minutes / 60e0 as hours,
    survival as still_waiting,
    case
        when survival = 1e0 then 1e0
        when survival > 0e0 then power(survival, exp(1.959963984540054e0 * sqrt(greenwood) / abs(ln(survival))))
    end as lower,
    case
        when survival = 1e0 then 1e0
        when survival > 0e0 then power(survival, exp(-1.959963984540054e0 * sqrt(greenwood) / abs(ln(survival))))
    end as upper,
    count_at_risk,
    count_exams,
    count_unreported,
from curve
where place_in_step = 1
