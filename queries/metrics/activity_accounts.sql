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
    (array_length($months::date[]) = 0 or list_contains($months::date[], account_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and ($date_from::date is null or account_date >= $date_from::date)
    and ($date_to::date is null or account_date <= $date_to::date)
group by all
