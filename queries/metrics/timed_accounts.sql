-- How many completed examinations have a time of day.
-- grain: one row a reason; counted is what the figure stands on
-- reads: examined
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], weekdays varchar[], hours varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams bigint people
select
    case
        when exam_date is null then 'no_exam_time'
        when hour is null then 'date_only'
        else 'counted'
    end as reason,
    count(*) as count_exams,
from examined
where
    picked($months::date[], account_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($weekdays::varchar[], weekday::varchar)
    and picked($hours::varchar[], hour::varchar)
    and dated($date_from::date, $date_to::date, account_date)
group by all
