-- A site whose unreported examinations at its as-of differ between the canonical table and the last snapshot.
-- grain: one row an offending site
-- reads: exam, unreported_month, site
-- params: none
-- returns: site_code varchar, count_exam hugeint, count_snapshot hugeint
with last_snapshot as (
    select date_trunc('month', max(data_through_date))::date as snapshot_month
    from site
),

counted as (
    select
        site_code,
        count(*) as count_exam,
        0 as count_snapshot,
    from exam
    where
        status = 'completed'
        and exam_date is not null
        and clock_state not in ('after_as_of', 'report_not_required')
        and not is_reported
    group by all
    union all
    select
        unreported_month.site_code,
        0 as count_exam,
        sum(unreported_month.count_exams) as count_snapshot,
    from unreported_month
    semi join last_snapshot on unreported_month.snapshot_month = last_snapshot.snapshot_month
    group by all
)

select
    site_code,
    sum(count_exam) as count_exam,
    sum(count_snapshot) as count_snapshot,
from counted
group by all
having sum(count_exam) <> sum(count_snapshot)
