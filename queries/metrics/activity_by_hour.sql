-- Completed examinations by the local weekday (1 = Monday) and hour in which they started.
-- grain: one row a combination of the dimensions in $by
-- reads: examined
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], weekdays varchar[], hours varchar[], date_from date,
--   date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, weekday bigint, hour bigint, count_exams bigint people
select
    case when list_contains($by::varchar[], 'month') then exam_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    case when list_contains($by::varchar[], 'weekday') then weekday end as weekday,
    case when list_contains($by::varchar[], 'hour') then hour end as hour,
    count(*) as count_exams,
from examined
where
    hour is not null
    and (array_length($months::date[]) = 0 or list_contains($months::date[], exam_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($weekdays::varchar[]) = 0 or list_contains($weekdays::varchar[], weekday::varchar))
    and (array_length($hours::varchar[]) = 0 or list_contains($hours::varchar[], hour::varchar))
    and ($date_from::date is null or exam_date >= $date_from::date)
    and ($date_to::date is null or exam_date <= $date_to::date)
group by all
