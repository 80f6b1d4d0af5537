-- What sites, suppliers and reporters are compared on, in strata of case mix. Five measures, each on its own date:
--   late       examinations by their date that are old enough, not first verified within their own standard (the unreported are late);
--              of no reporter: the time from the examination is mostly the queue
--   addendum   reports by the date of their first verification that are old enough, amended within 30 days of it
--   assigned   reports by the date of their first verification, and the logarithm of the minutes to it from the assignment
--   follow_up  reports by the date of their first verification for which the RIS says whether they recommend further imaging, and do
--   discrepancy  reports by the day of their first peer review, of random samples and reviews of everything, graded moderate or major.
-- grain: one row a measure x date x trust x site x modality x patient class x urgency x pathway x reader x supplier x stratum x reporter
-- reads: clocked, exam, reviewed_report, stratum
-- params: none
-- returns: measure varchar, cohort_month date, cohort_date date, trust_code varchar, site_code varchar, modality varchar,
--   patient_class varchar, urgency varchar, pathway varchar, reader varchar, supplier varchar, reporter_key bigint,
--   count_judged bigint, count_all bigint, count_clinical bigint, count_administrative bigint, sum_log double, sum_squares double,
--   stratum_id integer
with reports as (
    select
        reported_date,
        trust_code,
        site_code,
        modality,
        patient_class,
        urgency,
        pathway,
        reader,
        supplier,
        reporter_key,
        body_region,
        hour_band,
        is_weekend,
        count(*) filter (where is_addendum_mature) as count_mature,
        count(*) filter (where is_addendum_mature and is_amended) as count_amended,
        count(*) filter (where is_addendum_mature and is_amended and addendum_class = 'clinical') as count_clinical,
        count(*) filter (where is_addendum_mature and is_amended and addendum_class = 'administrative') as count_administrative,
        count(is_follow_up_recommended) as count_recorded,
        count(*) filter (where is_follow_up_recommended) as count_recommending,
        count(*) filter (where is_timed) as count_timed,
        sum(ln(greatest(1, assigned_minutes))) filter (where is_timed) as sum_log,
        sum(ln(greatest(1, assigned_minutes)) ^ 2) filter (where is_timed) as sum_squares,
    from (
        select
            *,
            (epoch(first_verified_at) - epoch(assigned_at)) / 60 as assigned_minutes,
            coalesce(clock_state = 'counted' and assigned_at <= first_verified_at, false) as is_timed,
        from exam
        where status = 'completed' and is_reported and not is_overwritten
    ) as report
    group by all
),

events as (
    select
        'late' as measure,
        cohort_date,
        trust_code, site_code, modality, patient_class, urgency, pathway, reader, supplier,
        null as reporter_key,
        body_region, hour_band, is_weekend,
        count(*) as count_judged,
        count(*) filter (where standard_state = 'missed') as count_all,
        0 as count_clinical,
        0 as count_administrative,
        null as sum_log,
        null as sum_squares,
    from clocked
    where clock = 'report' and standard_state in ('met', 'missed')
    group by all
    union all
    select
        measures.measure,
        reported_date as cohort_date,
        trust_code, site_code, modality, patient_class, urgency, pathway, reader, supplier,
        reporter_key,
        body_region, hour_band, is_weekend,
        case measures.measure when 'addendum' then count_mature when 'follow_up' then count_recorded else count_timed end as count_judged,
        case measures.measure when 'addendum' then count_amended when 'follow_up' then count_recommending else count_timed end as count_all,
        case when measures.measure = 'addendum' then count_clinical else 0 end as count_clinical,
        case when measures.measure = 'addendum' then count_administrative else 0 end as count_administrative,
        case when measures.measure = 'assigned' then sum_log end as sum_log,
        case when measures.measure = 'assigned' then sum_squares end as sum_squares,
    from reports
    cross join (select unnest(['addendum', 'follow_up', 'assigned']) as measure) as measures
    where case measures.measure when 'addendum' then count_mature when 'follow_up' then count_recorded else count_timed end > 0
    union all
    select
        'discrepancy' as measure,
        reviewed_report.review_date as cohort_date,
        trust_code, site_code, modality, patient_class, urgency, pathway, reader, supplier,
        reporter_key,
        body_region, hour_band, is_weekend,
        count(*) as count_judged,
        count(*) filter (where reviewed_report.gravity >= 2) as count_all,
        0 as count_clinical,
        0 as count_administrative,
        null as sum_log,
        null as sum_squares,
    from reviewed_report
    inner join exam on reviewed_report.exam_id = exam.exam_id
    where
        exam.is_reported
        and reviewed_report.review_date is not null
        and reviewed_report.gravity is not null
        and reviewed_report.sampled_how in ('random', 'all')
    group by all
)

select
    events.measure,
    date_trunc('month', events.cohort_date)::date as cohort_month,
    events.* exclude (measure, body_region, hour_band, is_weekend),
    stratum.stratum_id,
from events
inner join stratum
    on events.modality is not distinct from stratum.modality
    and events.body_region is not distinct from stratum.body_region
    and events.patient_class is not distinct from stratum.patient_class
    and events.urgency is not distinct from stratum.urgency
    and events.hour_band is not distinct from stratum.hour_band
    and events.is_weekend is not distinct from stratum.is_weekend
order by measure, cohort_month, site_code, stratum_id, cohort_date, reporter_key, reader, supplier, pathway
