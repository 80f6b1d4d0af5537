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
with events as (
    select
        'late' as measure,
        cohort_month,
        cohort_date,
        trust_code,
        site_code,
        modality,
        patient_class,
        urgency,
        pathway,
        reader,
        supplier,
        null as reporter_key,
        body_region,
        hour_band,
        is_weekend,
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
        'addendum' as measure,
        date_trunc('month', reported_date)::date as cohort_month,
        reported_date as cohort_date,
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
        count(*) as count_judged,
        count(*) filter (where is_amended) as count_all,
        count(*) filter (where is_amended and addendum_class = 'clinical') as count_clinical,
        count(*) filter (where is_amended and addendum_class = 'administrative') as count_administrative,
        null as sum_log,
        null as sum_squares,
    from exam
    where status = 'completed' and is_reported and not is_overwritten and is_addendum_mature
    group by all
    union all
    select
        'assigned' as measure,
        date_trunc('month', reported_date)::date as cohort_month,
        reported_date as cohort_date,
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
        count(*) as count_judged,
        count(*) as count_all,
        0 as count_clinical,
        0 as count_administrative,
        sum(ln(greatest(1, (epoch(first_verified_at) - epoch(assigned_at)) / 60))) as sum_log,
        sum(ln(greatest(1, (epoch(first_verified_at) - epoch(assigned_at)) / 60)) ^ 2) as sum_squares,
    from exam
    where clock_state = 'counted' and is_reported and assigned_at <= first_verified_at
    group by all
    union all
    select
        'follow_up' as measure,
        date_trunc('month', reported_date)::date as cohort_month,
        reported_date as cohort_date,
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
        count(*) as count_judged,
        count(*) filter (where is_follow_up_recommended) as count_all,
        0 as count_clinical,
        0 as count_administrative,
        null as sum_log,
        null as sum_squares,
    from exam
    where status = 'completed' and is_reported and not is_overwritten and is_follow_up_recommended is not null
    group by all
    union all
    select
        'discrepancy' as measure,
        date_trunc('month', reviewed_report.review_date)::date as cohort_month,
        reviewed_report.review_date as cohort_date,
        exam.trust_code,
        exam.site_code,
        exam.modality,
        exam.patient_class,
        exam.urgency,
        exam.pathway,
        exam.reader,
        exam.supplier,
        exam.reporter_key,
        exam.body_region,
        exam.hour_band,
        exam.is_weekend,
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
    events.* exclude (body_region, hour_band, is_weekend),
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
