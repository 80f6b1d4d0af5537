-- Examinations that came to the reporting room.
-- grain: one row: counted
-- reads: report_flow_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint people
select
    'counted' as reason,
    coalesce(sum(count_arrived), 0) as count_exams,
from report_flow_day
where
    true
    and (array_length($months::date[]) = 0 or list_contains($months::date[], flow_month))
    and ($date_from::date is null or flow_date >= $date_from::date)
    and ($date_to::date is null or flow_date <= $date_to::date)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
