-- Late reports beside those expected of the same case mix: each stratum's examinations times the rate of all sites together.
-- Strata: modality x body region x patient class x urgency x hour band x weekend. One with fewer than 20 examinations over all
-- sites joins others as sparse that share all but its last part, then all but its last two, and so on, at last all that are left:
-- so the expected add up to the observed. A filter of sites or trusts chooses what is shown; the rates stay those of every site
-- that the viewer may see.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar, urgency varchar,
--   pathway varchar, count_late hugeint, expected_late double, count_judged hugeint, variance double, expected_alone double,
--   expected_unadjusted double
with cells as (
    select
        cohort_month,
        trust_code,
        site_code,
        modality,
        patient_class,
        urgency,
        pathway,
        concat_ws('|', coalesce(modality, '?')) as stratum_1,
        concat_ws('|', coalesce(modality, '?'), coalesce(body_region, '?')) as stratum_2,
        concat_ws('|', coalesce(modality, '?'), coalesce(body_region, '?'), coalesce(patient_class, '?')) as stratum_3,
        concat_ws('|', coalesce(modality, '?'), coalesce(body_region, '?'), coalesce(patient_class, '?'), coalesce(urgency, '?')) as stratum_4,
        concat_ws(
            '|', coalesce(modality, '?'), coalesce(body_region, '?'), coalesce(patient_class, '?'), coalesce(urgency, '?'),
            coalesce(hour_band, '?')
        ) as stratum_5,
        concat_ws(
            '|', coalesce(modality, '?'), coalesce(body_region, '?'), coalesce(patient_class, '?'), coalesce(urgency, '?'),
            coalesce(hour_band, '?'), coalesce(is_weekend::varchar, '?')
        ) as stratum_6,
        count(*) as count_judged,
        count(*) filter (where standard_state = 'missed') as count_late,
    from clocked
    where
        clock = 'report'
        and standard_state in ('met', 'missed')
        and (array_length($months::date[]) = 0 or list_contains($months::date[], cohort_month))
        and ($date_from::date is null or cohort_date >= $date_from::date)
        and ($date_to::date is null or cohort_date <= $date_to::date)
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    group by all
),

level_6 as (
    select *, sum(count_judged) over (partition by stratum_6) >= 20 as is_6
    from cells
),

level_5 as (
    select *, sum(case when is_6 then 0 else count_judged end) over (partition by stratum_5) >= 20 as is_5
    from level_6
),

level_4 as (
    select *, sum(case when is_6 or is_5 then 0 else count_judged end) over (partition by stratum_4) >= 20 as is_4
    from level_5
),

level_3 as (
    select *, sum(case when is_6 or is_5 or is_4 then 0 else count_judged end) over (partition by stratum_3) >= 20 as is_3
    from level_4
),

level_2 as (
    select *, sum(case when is_6 or is_5 or is_4 or is_3 then 0 else count_judged end) over (partition by stratum_2) >= 20 as is_2
    from level_3
),

level_1 as (
    select *, sum(case when is_6 or is_5 or is_4 or is_3 or is_2 then 0 else count_judged end) over (partition by stratum_1) >= 20 as is_1
    from level_2
),

placed as (
    select
        *,
        case
            when is_6 then '6 ' || stratum_6
            when is_5 then '5 ' || stratum_5
            when is_4 then '4 ' || stratum_4
            when is_3 then '3 ' || stratum_3
            when is_2 then '2 ' || stratum_2
            when is_1 then '1 ' || stratum_1
            else '0'
        end as stratum,
    from level_1
),

rates as (
    select
        stratum,
        sum(count_late) / sum(count_judged) as rate,
        count(distinct site_code) = 1 as is_alone,
    from placed
    group by stratum
),

whole as (
    select sum(count_late) / sum(count_judged) as rate
    from placed
)

select
    case when list_contains($by::varchar[], 'month') then placed.cohort_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then placed.trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then placed.site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then placed.modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then placed.patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then placed.urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then placed.pathway end as pathway,
    sum(placed.count_late) as count_late,
    sum(placed.count_judged * rates.rate) as expected_late,
    sum(placed.count_judged) as count_judged,
    sum(placed.count_judged * rates.rate * (1 - rates.rate)) as variance,
    coalesce(sum(placed.count_judged * rates.rate) filter (where rates.is_alone), 0) as expected_alone,
    sum(placed.count_judged * whole.rate) as expected_unadjusted,
from placed
inner join rates on placed.stratum = rates.stratum
cross join whole
where
    true
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], placed.trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], placed.site_code))
group by all
