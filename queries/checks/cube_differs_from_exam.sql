-- A site whose completed examinations differ between the canonical table and the day cube.
-- grain: one row an offending site
-- reads: exam, activity_day
-- params: none
-- returns: site_code varchar, count_exam hugeint, count_cube hugeint
with counted as (
    select
        site_code,
        count(*) as count_exam,
        0 as count_cube,
    from exam
    where status = 'completed'
    group by all
    union all
    select
        site_code,
        0 as count_exam,
        sum(count_exams) as count_cube,
    from activity_day
    group by all
)

select
    site_code,
    sum(count_exam) as count_exam,
    sum(count_cube) as count_cube,
from counted
group by all
having sum(count_exam) <> sum(count_cube)
