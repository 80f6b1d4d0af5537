-- What was observed beside what the same case mix would give: each stratum's examinations times the rate of all sites together.
-- Measures and strata: see case_mix and stratum. A stratum with fewer than $least examinations over all sites joins others as sparse
-- that share all but its last part, then all but its last two, and so on, at last all that are left: so the expected add up to the
-- observed. A filter of sites, trusts, readers or suppliers chooses what is shown; the rates stay those of every site that the viewer
-- may see. $counts: all, or the addenda of one class, clinical or administrative. The logarithms are of the measure that is a time.
-- grain: one row a combination of the dimensions in $by
-- reads: case_mix, stratum
-- params: by varchar[], measure varchar, counts varchar, least integer, months date[], trusts varchar[], sites varchar[],
--   modalities varchar[], patient_classes varchar[], urgencies varchar[], pathways varchar[], readers varchar[], suppliers varchar[],
--   date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reader varchar, supplier varchar, reporter_key bigint,
--   count_observed hugeint people, expected double expected, count_judged hugeint people,
--   variance double statistic, expected_alone double people, expected_unadjusted double people,
--   sum_log double statistic, sum_squares double statistic, expected_log double statistic,
--   variance_log double statistic
with cells as (
    select
        shown($by::varchar[], 'month', cohort_month) as month,
        case
            when list_contains($by::varchar[], 'trust_code') or filtered($trusts::varchar[]) then trust_code
        end as trust_code,
        site_code,
        shown($by::varchar[], 'modality', modality) as modality,
        shown($by::varchar[], 'patient_class', patient_class) as patient_class,
        shown($by::varchar[], 'urgency', urgency) as urgency,
        shown($by::varchar[], 'pathway', pathway) as pathway,
        case when list_contains($by::varchar[], 'reader') or filtered($readers::varchar[]) then reader end as reader,
        case when list_contains($by::varchar[], 'supplier') or filtered($suppliers::varchar[]) then supplier end as supplier,
        shown($by::varchar[], 'reporter_key', reporter_key) as reporter_key,
        stratum_id,
        sum(count_judged) as count_judged,
        sum(sum_log) as sum_log,
        sum(sum_squares) as sum_squares,
        sum(case $counts when 'clinical' then count_clinical when 'administrative' then count_administrative else count_all end) as count_observed,
    from case_mix
    where
        measure = $measure
        and picked($months::date[], cohort_month)
        and dated($date_from::date, $date_to::date, cohort_date)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
    group by all
),

sizes as (
    select
        stratum_id,
        sum(count_judged) as size,
    from cells
    group by stratum_id
),

-- Windows, so no filter: what has its stratum counts for nothing further up.
level_6 as (
    select
        sizes.stratum_id,
        sizes.size,
        stratum.* exclude (stratum_id),
        sum(sizes.size) over (partition by stratum.path_6) >= $least::integer as is_6,
    from sizes
    inner join stratum on sizes.stratum_id = stratum.stratum_id
),

level_5 as (
    select *, sum(case when is_6 then 0 else size end) over (partition by path_5) >= $least::integer as is_5
    from level_6
),

level_4 as (
    select *, sum(case when is_6 or is_5 then 0 else size end) over (partition by path_4) >= $least::integer as is_4
    from level_5
),

level_3 as (
    select *, sum(case when is_6 or is_5 or is_4 then 0 else size end) over (partition by path_3) >= $least::integer as is_3
    from level_4
),

level_2 as (
    select *, sum(case when is_6 or is_5 or is_4 or is_3 then 0 else size end) over (partition by path_2) >= $least::integer as is_2
    from level_3
),

level_1 as (
    select *, sum(case when is_6 or is_5 or is_4 or is_3 or is_2 then 0 else size end) over (partition by path_1) >= $least::integer as is_1
    from level_2
),

placed as (
    select
        cells.*,
        case
            when is_6 then '6 ' || path_6
            when is_5 then '5 ' || path_5
            when is_4 then '4 ' || path_4
            when is_3 then '3 ' || path_3
            when is_2 then '2 ' || path_2
            when is_1 then '1 ' || path_1
            else '0'
        end as stratum,
    from cells
    inner join level_1 on cells.stratum_id = level_1.stratum_id
),

rates as (
    select
        stratum,
        sum(count_observed) / sum(count_judged) as rate,
        count(distinct case
            when list_contains($by::varchar[], 'reader') then coalesce(reader, '?')
            when list_contains($by::varchar[], 'supplier') then coalesce(supplier, '?')
            else site_code
        end) = 1 as is_alone,
        sum(sum_log) / sum(count_judged) as mean_log,
        greatest(0, sum(sum_squares) / sum(count_judged) - (sum(sum_log) / sum(count_judged)) ^ 2) as spread_log,
    from placed
    group by stratum
),

whole as (
    select sum(count_observed) / sum(count_judged) as rate
    from placed
)

select
    placed.month,
    shown($by::varchar[], 'trust_code', placed.trust_code) as trust_code,
    shown($by::varchar[], 'site_code', placed.site_code) as site_code,
    placed.modality,
    placed.patient_class,
    placed.urgency,
    placed.pathway,
    shown($by::varchar[], 'reader', placed.reader) as reader,
    shown($by::varchar[], 'supplier', placed.supplier) as supplier,
    placed.reporter_key,
    sum(placed.count_observed) as count_observed,
    sum(placed.count_judged * rates.rate) as expected,
    sum(placed.count_judged) as count_judged,
    sum(placed.count_judged * rates.rate * (1 - rates.rate)) as variance,
    coalesce(sum(placed.count_judged * rates.rate) filter (where rates.is_alone), 0) as expected_alone,
    sum(placed.count_judged * whole.rate) as expected_unadjusted,
    sum(placed.sum_log) as sum_log,
    sum(placed.sum_squares) as sum_squares,
    sum(placed.count_judged * rates.mean_log) as expected_log,
    sum(placed.count_judged * rates.spread_log) as variance_log,
from placed
inner join rates on placed.stratum = rates.stratum
cross join whole
where
    true
    and picked($trusts::varchar[], placed.trust_code)
    and picked($sites::varchar[], placed.site_code)
    and picked($readers::varchar[], placed.reader)
    and picked($suppliers::varchar[], placed.supplier)
group by all
