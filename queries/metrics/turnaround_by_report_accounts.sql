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
    and picked($months::date[], report_month)
    and dated($date_from::date, $date_to::date, report_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
group by all
