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
        (array_length($months::date[]) = 0 or list_contains($months::date[], report_month))
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
        and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
        and (array_length($readers::varchar[]) = 0 or list_contains($readers::varchar[], reader))
        and (array_length($suppliers::varchar[]) = 0 or list_contains($suppliers::varchar[], supplier))
        and ($date_from::date is null or report_date >= $date_from::date)
        and ($date_to::date is null or report_date <= $date_to::date)
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
