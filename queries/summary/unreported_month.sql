-- Examinations without a verified report at the end of each month; in the last month, and at a site whose data ends earlier,
-- when the site's data ends. A stock: rows of different months are never added.
-- grain: one row a snapshot month x trust x site x modality x patient class x urgency x age band
-- reads: exam, site, calendar
-- params: none
-- returns: snapshot_month date, snapshot_date date, trust_code varchar, site_code varchar, modality varchar,
--   patient_class varchar, urgency varchar, band varchar, count_exams bigint, count_over_10_days bigint, oldest_days integer
with ends as (
    select max(data_through_date) as last_date
    from site
),

snapshots as (
    select
        site.site_code,
        calendar.month as snapshot_month,
        least(max(calendar.date), max(ends.last_date)) as snapshot_date,
        least(max(calendar.date), site.data_through_date) as as_of_date,
    from calendar
    cross join ends
    inner join site on site.nation = calendar.nation
    where calendar.month <= date_trunc('month', ends.last_date)
    group by site.site_code, calendar.month, site.data_through_date
),

waits as (
    select
        site_code,
        trust_code,
        modality,
        patient_class,
        urgency,
        exam_date,
        case when is_reported then greatest(reported_date, exam_date) end as left_date,
    from exam
    where
        status = 'completed'
        and exam_date is not null
        and clock_state not in ('after_as_of', 'report_not_required')
),

standing as (
    select
        snapshots.snapshot_month,
        snapshots.snapshot_date,
        waits.*,
        (snapshots.as_of_date - waits.exam_date)::integer as age_days,
    from waits
    inner join snapshots
        on waits.site_code = snapshots.site_code
        and waits.exam_date <= snapshots.as_of_date
        and coalesce(waits.left_date, date '2999-12-31') > snapshots.as_of_date
)

select
    snapshot_month,
    snapshot_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    case
        when age_days <= 2 then '1 0 to 2 days'
        when age_days <= 7 then '2 3 to 7 days'
        when age_days <= 14 then '3 8 to 14 days'
        when age_days <= 28 then '4 15 to 28 days'
        else '5 over 28 days'
    end as band,
    count(*) as count_exams,
    count(*) filter (where age_days >= 10) as count_over_10_days,
    max(age_days) as oldest_days,
from standing
group by all
order by all
