-- Reports verified, by whether their time can be clocked.
-- grain: one row a reason; counted is what the figure stands on
-- reads: clocked
-- params: clock varchar, months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], routes varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams bigint people
select
    state as reason,
    count(*) as count_exams,
from clocked
where
    clock = $clock::varchar
    and is_ended
    and (array_length($months::date[]) = 0 or list_contains($months::date[], report_month))
    and ($date_from::date is null or report_date >= $date_from::date)
    and ($date_to::date is null or report_date <= $date_to::date)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
group by all
