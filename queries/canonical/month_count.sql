-- Examinations of every month between the first and the last of a source at a site, so that a month without any is seen to be one.
-- grain: one row a source x site x month
-- reads: exam, calendar
-- params: none
-- returns: source varchar, site_code varchar, exam_month date, count_exams bigint
with held as (
    select
        source,
        site_code,
        exam_month,
        count(*) as count_exams,
    from exam
    where exam_month is not null
    group by all
),

spans as (
    select
        source,
        site_code,
        min(exam_month) as first_month,
        max(exam_month) as last_month,
    from held
    group by all
),

months as (
    select distinct month as exam_month
    from calendar
)

select
    spans.source,
    spans.site_code,
    months.exam_month,
    coalesce(held.count_exams, 0) as count_exams,
from spans
inner join months
    on months.exam_month >= spans.first_month
    and months.exam_month <= spans.last_month
left join held
    on spans.source = held.source
    and spans.site_code = held.site_code
    and months.exam_month = held.exam_month
order by all
