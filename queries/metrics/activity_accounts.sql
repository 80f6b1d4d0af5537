-- How many completed examinations can be dated.
-- grain: one row a reason; counted is what the figure stands on
-- reads: activity_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint people
select
    case when exam_date is null then 'no_exam_time' else 'counted' end as reason,
    sum(count_exams) as count_exams,
from activity_day
where
    picked($months::date[], account_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and dated($date_from::date, $date_to::date, account_date)
group by all
