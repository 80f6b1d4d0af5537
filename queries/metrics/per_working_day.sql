-- Work and the working days it came in. $work: done, completed examinations; asked, requests received less those rejected at vetting,
-- from the day the export begins.
-- weighted_days: a Saturday, Sunday or bank holiday counts for the part of a working day's work that it usually brings to the unit asked
-- about, over the whole extract, and a weekday for its own; where the unit keeps office hours (under 5 % of a working day's work on other
-- days, each weekday within a quarter of the others) it is count_working_days. So a month's figure is moved neither by its weekends nor by
-- its holidays. Each kind of day is drawn towards all working days, or all others, by 20 pieces of work.
-- A day counts only where the unit existed and its feed covered it (unit_life); a month of its life without work is a nought. Where the sites
-- counted lie in several nations, a day is a working day when one of them works. is_part_month: the unit existed on a part of the month only.
-- grain: one row a combination of the dimensions in $by
-- reads: activity_day, demand_day, calendar, site, site_period, unit_life
-- params: work varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_work hugeint people, weighted_days double plain,
--   count_working_days bigint plain, is_part_month boolean
with work as (
    select
        exam_date as work_date,
        trust_code, site_code, modality, patient_class, urgency, pathway,
        count_exams as count_work,
    from activity_day
    where
        $work::varchar = 'done'
        and exam_date is not null
    union all by name
    select
        received_date as work_date,
        trust_code, site_code, modality, patient_class, urgency, pathway,
        count_requests - count_rejected as count_work,
    from demand_day
    where
        $work::varchar = 'asked'
        and received_date is not null
        and not coalesce(is_before_export, false)
),

-- Few rows from here on: everything after counts these.
daily as (
    select
        work_date,
        shown($by::varchar[], 'trust_code', trust_code) as trust_code,
        shown($by::varchar[], 'site_code', site_code) as site_code,
        shown($by::varchar[], 'modality', modality) as modality,
        shown($by::varchar[], 'patient_class', patient_class) as patient_class,
        shown($by::varchar[], 'urgency', urgency) as urgency,
        shown($by::varchar[], 'pathway', pathway) as pathway,
        sum(count_work) as count_work,
    from work
    where
        true
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
    group by all
),

alive as (
    select
        calendar.date,
        calendar.month,
        calendar.weekday,
        shown($by::varchar[], 'trust_code', site_period.trust_code) as trust_code,
        shown($by::varchar[], 'site_code', unit_life.site_code) as site_code,
        shown($by::varchar[], 'modality', unit_life.modality) as modality,
        bool_or(calendar.date between unit_life.first_date and unit_life.last_date) as is_alive,
        bool_or(calendar.is_working_day) as is_working_day,
    from unit_life
    inner join site on unit_life.site_code = site.site_code
    inner join calendar on site.nation = calendar.nation
    inner join site_period
        on unit_life.site_code = site_period.site_code
        and calendar.date >= site_period.valid_from
        and calendar.date < site_period.valid_to
    where
        unit_life.work = $work::varchar
        and picked($trusts::varchar[], site_period.trust_code)
        and picked($sites::varchar[], unit_life.site_code)
        and picked($modalities::varchar[], unit_life.modality)
    group by all
),

days as (
    select
        *,
        case when weekday >= 6 or is_working_day then weekday else 8 end as kind,
    from alive
    where is_alive
),

cells as (
    select distinct trust_code, site_code, modality, patient_class, urgency, pathway,
    from daily
    where
        picked($months::date[], date_trunc('month', work_date)::date)
        and dated($date_from::date, $date_to::date, work_date)
),

-- Every cell, each of its days, and the work of that day.
lived as (
    select
        cells.*,
        days.date,
        days.month,
        days.kind,
        coalesce(daily.count_work, 0) as count_work,
    from cells
    inner join days
        on cells.trust_code is not distinct from days.trust_code
        and cells.site_code is not distinct from days.site_code
        and cells.modality is not distinct from days.modality
    left join daily
        on days.date = daily.work_date
        and cells.trust_code is not distinct from daily.trust_code
        and cells.site_code is not distinct from daily.site_code
        and cells.modality is not distinct from daily.modality
        and cells.patient_class is not distinct from daily.patient_class
        and cells.urgency is not distinct from daily.urgency
        and cells.pathway is not distinct from daily.pathway
),

kinds as (
    select
        trust_code, site_code, modality, patient_class, urgency, pathway,
        kind,
        kind <= 5 as is_working,
        sum(count_work) as count_work,
        count(*) as count_days,
    from lived
    group by all
),

pooled as (
    select
        *,
        sum(count_work) over unit / sum(count_days) over unit::double as rate_any,
        sum(case when is_working then count_work end) over unit / sum(case when is_working then count_days end) over unit::double as rate_working,
        sum(count_work) over (partition by trust_code, site_code, modality, patient_class, urgency, pathway, is_working)
        / sum(count_days) over (partition by trust_code, site_code, modality, patient_class, urgency, pathway, is_working)::double as rate_alike,
    from kinds
    window unit as (partition by trust_code, site_code, modality, patient_class, urgency, pathway)
),

weighed as (
    select
        *,
        -- A unit that works mostly at weekends has no usual working day: its days are measured by the average day.
        case when rate_working > 0 and rate_any < 2 * rate_working then rate_working else rate_any end as base,
    from pooled
),

weights as (
    select
        trust_code, site_code, modality, patient_class, urgency, pathway,
        kind,
        case
            when base > 0 then (count_work + 20 * rate_alike / base) / (base * count_days + 20)
            when is_working then 1
            else 0
        end as weight,
        is_working,
    from weighed
),

hours_kept as (
    select
        *,
        max(case when is_working then abs(weight - 1) > 0.25 else weight >= 0.05 end) over (partition by trust_code, site_code, modality, patient_class, urgency, pathway) as is_uneven,
    from weights
),

exposed as (
    select
        shown($by::varchar[], 'month', lived.month) as month,
        lived.trust_code, lived.site_code, lived.modality, lived.patient_class, lived.urgency, lived.pathway,
        sum(case when hours_kept.is_uneven then hours_kept.weight when hours_kept.is_working then 1 else 0 end) as weighted_days,
        count(*) filter (where hours_kept.is_working) as count_working_days,
    from lived
    inner join hours_kept
        on lived.kind = hours_kept.kind
        and lived.trust_code is not distinct from hours_kept.trust_code
        and lived.site_code is not distinct from hours_kept.site_code
        and lived.modality is not distinct from hours_kept.modality
        and lived.patient_class is not distinct from hours_kept.patient_class
        and lived.urgency is not distinct from hours_kept.urgency
        and lived.pathway is not distinct from hours_kept.pathway
    where
        picked($months::date[], lived.month)
        and dated($date_from::date, $date_to::date, lived.date)
    group by all
),

part_months as (
    select
        month as part_month,
        trust_code, site_code, modality,
        bool_or(is_working_day and not is_alive) as is_part_month,
    from alive
    where list_contains($by::varchar[], 'month')
    group by all
),

counted as (
    select
        shown($by::varchar[], 'month', date_trunc('month', work_date)::date) as month,
        trust_code, site_code, modality, patient_class, urgency, pathway,
        sum(count_work) as count_work,
    from daily
    where
        picked($months::date[], date_trunc('month', work_date)::date)
        and dated($date_from::date, $date_to::date, work_date)
    group by all
)

select
    coalesce(counted.month, exposed.month) as month,
    coalesce(counted.trust_code, exposed.trust_code) as trust_code,
    coalesce(counted.site_code, exposed.site_code) as site_code,
    coalesce(counted.modality, exposed.modality) as modality,
    coalesce(counted.patient_class, exposed.patient_class) as patient_class,
    coalesce(counted.urgency, exposed.urgency) as urgency,
    coalesce(counted.pathway, exposed.pathway) as pathway,
    coalesce(counted.count_work, 0) as count_work,
    round(coalesce(exposed.weighted_days, 0), 1) as weighted_days,
    coalesce(exposed.count_working_days, 0) as count_working_days,
    coalesce(part_months.is_part_month, false) as is_part_month,
from counted
full join exposed
    on counted.month is not distinct from exposed.month
    and counted.trust_code is not distinct from exposed.trust_code
    and counted.site_code is not distinct from exposed.site_code
    and counted.modality is not distinct from exposed.modality
    and counted.patient_class is not distinct from exposed.patient_class
    and counted.urgency is not distinct from exposed.urgency
    and counted.pathway is not distinct from exposed.pathway
left join part_months
    on coalesce(counted.month, exposed.month) = part_months.part_month
    and coalesce(counted.trust_code, exposed.trust_code) is not distinct from part_months.trust_code
    and coalesce(counted.site_code, exposed.site_code) is not distinct from part_months.site_code
    and coalesce(counted.modality, exposed.modality) is not distinct from part_months.modality
