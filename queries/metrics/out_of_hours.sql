-- Examinations that started out of hours, of those whose start has a time, and how many that month's calendar alone would give: each kind of
-- day (Monday to Sunday, bank holiday) is given the examinations in and out of hours that it has on average over the whole extract, so that a
-- month of five weekends is not one of more work out of hours. All months together have as many as expected.
-- grain: one row a combination of the dimensions in $by
-- reads: activity_day, calendar, site, site_period, unit_life
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_timed hugeint people, count_out_of_hours hugeint people,
--   count_expected double people, share_by_calendar double share
with daily as (
    select
        exam_date,
        shown($by::varchar[], 'trust_code', trust_code) as trust_code,
        shown($by::varchar[], 'site_code', site_code) as site_code,
        shown($by::varchar[], 'modality', modality) as modality,
        shown($by::varchar[], 'patient_class', patient_class) as patient_class,
        shown($by::varchar[], 'urgency', urgency) as urgency,
        shown($by::varchar[], 'pathway', pathway) as pathway,
        sum(count_timed) as count_timed,
        sum(count_out_of_hours) as count_out_of_hours,
    from activity_day
    where
        exam_date is not null
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
        unit_life.work = 'done'
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
        picked($months::date[], date_trunc('month', exam_date)::date)
        and dated($date_from::date, $date_to::date, exam_date)
),

-- Every cell and each day of its life, with work or without: a Saturday on which nothing was done is one of the average too.
lived as (
    select
        cells.*,
        days.month as exam_month,
        days.date as exam_date,
        days.kind,
        coalesce(daily.count_timed, 0) as count_timed,
        coalesce(daily.count_out_of_hours, 0) as count_out_of_hours,
    from cells
    inner join days
        on cells.trust_code is not distinct from days.trust_code
        and cells.site_code is not distinct from days.site_code
        and cells.modality is not distinct from days.modality
    left join daily
        on days.date = daily.exam_date
        and cells.trust_code is not distinct from daily.trust_code
        and cells.site_code is not distinct from daily.site_code
        and cells.modality is not distinct from daily.modality
        and cells.patient_class is not distinct from daily.patient_class
        and cells.urgency is not distinct from daily.urgency
        and cells.pathway is not distinct from daily.pathway
),

rates as (
    select
        trust_code, site_code, modality, patient_class, urgency, pathway,
        kind,
        sum(count_timed) / count(*)::double as timed_a_day,
        sum(count_out_of_hours) / count(*)::double as out_a_day,
    from lived
    group by all
),

months as (
    select
        lived.exam_month,
        lived.trust_code, lived.site_code, lived.modality, lived.patient_class, lived.urgency, lived.pathway,
        sum(lived.count_timed) as count_timed,
        sum(lived.count_out_of_hours) as count_out_of_hours,
        sum(rates.out_a_day) / nullif(sum(rates.timed_a_day), 0) as share_by_calendar,
    from lived
    inner join rates
        on lived.kind = rates.kind
        and lived.trust_code is not distinct from rates.trust_code
        and lived.site_code is not distinct from rates.site_code
        and lived.modality is not distinct from rates.modality
        and lived.patient_class is not distinct from rates.patient_class
        and lived.urgency is not distinct from rates.urgency
        and lived.pathway is not distinct from rates.pathway
    where
        picked($months::date[], lived.exam_month)
        and dated($date_from::date, $date_to::date, lived.exam_date)
    group by all
)

select
    shown($by::varchar[], 'month', exam_month) as month,
    trust_code, site_code, modality, patient_class, urgency, pathway,
    sum(count_timed) as count_timed,
    sum(count_out_of_hours) as count_out_of_hours,
    sum(count_timed * share_by_calendar) as count_expected,
    sum(count_timed * share_by_calendar) / nullif(sum(count_timed), 0) as share_by_calendar,
from months
group by all
