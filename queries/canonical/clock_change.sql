-- The time of day of examinations in the four weeks before and after each change of the clocks, by source. Work keeps the local clock, so its time of
-- day stays; that of times read in the wrong zone moves by the hour that the clocks move. Weekdays alone, and times alone, not bare dates.
-- grain: one row a source x change of the clocks
-- reads: exam
-- params: none
-- returns: source varchar, changed_date date, moved_minutes bigint, count_before bigint, count_after bigint, median_before double, median_after double
with timed as (
    select
        source,
        exam_date,
        epoch(exam_local)::bigint - epoch(exam_at)::bigint as offset_seconds,
        hour(exam_local) * 60 + minute(exam_local) as minute_of_day,
    from exam
    where exam_hour is not null and exam_weekday <= 5 and exam_at is not null
),

days as (
    select
        source,
        exam_date,
        max(offset_seconds) as offset_seconds,
    from timed
    group by source, exam_date
),

steps as (
    select
        source,
        exam_date,
        offset_seconds - lag(offset_seconds) over (partition by source order by exam_date) as moved_seconds,
    from days
)

select
    steps.source,
    steps.exam_date as changed_date,
    (steps.moved_seconds // 60)::bigint as moved_minutes,
    count(*) filter (where timed.exam_date < steps.exam_date) as count_before,
    count(*) filter (where timed.exam_date >= steps.exam_date) as count_after,
    median(timed.minute_of_day) filter (where timed.exam_date < steps.exam_date) as median_before,
    median(timed.minute_of_day) filter (where timed.exam_date >= steps.exam_date) as median_after,
from steps
inner join timed
    on steps.source = timed.source
    and timed.exam_date >= steps.exam_date - 28
    and timed.exam_date < steps.exam_date + 28
where steps.moved_seconds <> 0
group by steps.source, steps.exam_date, steps.moved_seconds
order by all
