-- Reports that stand in a turnaround clock, or would, and how many of them raise each doubt about their two times.
-- rounded: the minute ends in 0 or 5, as a fifth do by chance; a time of midnight is not counted among them, and no test looks at seconds,
-- which many exports lack. midnight: either time is a date only. bulk: the same reporter verified five or more attendances in that clock
-- minute; one report may cover an attendance. A zone's offset is a whole number of quarter hours, so the minute is the same in UTC.
-- grain: one row a date of first verification x trust x site x modality
-- reads: exam
-- params: none
-- returns: report_month date, report_date date, trust_code varchar, site_code varchar, modality varchar, count_reports bigint,
--   count_named bigint, count_exam_rounded bigint, count_report_rounded bigint, count_midnight bigint, count_bulk bigint, count_early bigint,
--   count_no_exam_time bigint, count_after_as_of bigint, count_not_required bigint, count_overwritten bigint
with verified as (
    select
        date_trunc('month', reported_date)::date as report_month,
        reported_date as report_date,
        trust_code,
        site_code,
        modality,
        ris_code,
        event_id,
        reporter_key,
        clock_state,
        is_overwritten,
        clock_state in ('counted', 'date_only', 'report_before_exam') as is_timed,
        clock_state in ('counted', 'report_before_exam') as is_of_day,
        (floor(epoch(exam_at) / 60)::bigint % 5) = 0 as is_exam_rounded,
        (floor(epoch(first_verified_at) / 60)::bigint % 5) = 0 as is_report_rounded,
        floor(epoch(first_verified_at) / 60)::bigint as report_minute,
    from exam
    where
        status = 'completed'
        and is_reported
),

batch as (
    select
        reporter_key,
        report_minute,
    from verified
    where
        reporter_key is not null
        and not is_overwritten
    group by reporter_key, report_minute
    having count(distinct concat_ws(chr(31), ris_code, event_id)) >= 5
)

select
    verified.report_month,
    verified.report_date,
    verified.trust_code,
    verified.site_code,
    verified.modality,
    count(*) filter (where is_timed) as count_reports,
    count(*) filter (where is_timed and verified.reporter_key is not null) as count_named,
    count(*) filter (where is_of_day and is_exam_rounded) as count_exam_rounded,
    count(*) filter (where is_of_day and is_report_rounded) as count_report_rounded,
    count(*) filter (where clock_state = 'date_only') as count_midnight,
    count(*) filter (where is_timed and batch.reporter_key is not null) as count_bulk,
    count(*) filter (where clock_state = 'report_before_exam') as count_early,
    count(*) filter (where clock_state = 'no_exam_time') as count_no_exam_time,
    count(*) filter (where clock_state = 'after_as_of') as count_after_as_of,
    count(*) filter (where clock_state = 'report_not_required') as count_not_required,
    count(*) filter (where clock_state = 'addendum_overwrote_first') as count_overwritten,
from verified
left join batch
    on verified.reporter_key = batch.reporter_key
    and verified.report_minute = batch.report_minute
group by all
order by all
