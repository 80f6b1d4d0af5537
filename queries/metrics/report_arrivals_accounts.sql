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
    and picked($months::date[], flow_month)
    and dated($date_from::date, $date_to::date, flow_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
