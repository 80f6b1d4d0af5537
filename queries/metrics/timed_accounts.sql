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
    (array_length($months::date[]) = 0 or list_contains($months::date[], account_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($weekdays::varchar[]) = 0 or list_contains($weekdays::varchar[], weekday::varchar))
    and (array_length($hours::varchar[]) = 0 or list_contains($hours::varchar[], hour::varchar))
    and ($date_from::date is null or account_date >= $date_from::date)
    and ($date_to::date is null or account_date <= $date_to::date)
group by all
