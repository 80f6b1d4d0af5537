-- Reports whose two times are checked, and those that stand in no turnaround clock whatever their times.
-- grain: one row a reason; counted is what the figure stands on
-- reads: timestamp_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], time_tests varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint people
with kept as (
    select *
    from timestamp_day
    where
        filtered($time_tests::varchar[]) is not null -- every report meets every test
        and picked($months::date[], report_month)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and dated($date_from::date, $date_to::date, report_date)
)

select
    'counted' as reason,
    coalesce(sum(count_reports), 0) as count_exams,
from kept
union all
select
    'no_exam_time' as reason,
    coalesce(sum(count_no_exam_time), 0) as count_exams,
from kept
union all
select
    'after_as_of' as reason,
    coalesce(sum(count_after_as_of), 0) as count_exams,
from kept
union all
select
    'report_not_required' as reason,
    coalesce(sum(count_not_required), 0) as count_exams,
from kept
union all
select
    'addendum_overwrote_first' as reason,
    coalesce(sum(count_overwritten), 0) as count_exams,
from kept
