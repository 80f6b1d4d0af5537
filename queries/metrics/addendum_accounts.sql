-- Reports old enough to be judged for addenda.
-- grain: one row a reason; counted is what the figure stands on
-- reads: report_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint people
with kept as (
    select *
    from report_day
    where
        picked($months::date[], report_month)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        and picked($routes::varchar[], reporting_route)
        and picked($readers::varchar[], reader)
        and picked($suppliers::varchar[], supplier)
        and dated($date_from::date, $date_to::date, report_date)
)

select
    'counted' as reason,
    coalesce(sum(count_mature), 0) as count_exams,
from kept
union all
select
    'too_recent' as reason,
    coalesce(sum(count_reports - count_mature), 0) as count_exams,
from kept
union all
select
    'addendum_overwrote_first' as reason,
    coalesce(sum(count_overwritten), 0) as count_exams,
from kept
