-- Completed examinations by the local weekday (1 = Monday) and hour in which they started.
-- grain: one row a combination of the dimensions in $by
-- reads: examined
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], weekdays varchar[], hours varchar[], date_from date,
--   date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, weekday bigint, hour bigint, count_exams bigint people
select
    shown($by::varchar[], 'month', exam_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'weekday', weekday) as weekday,
    shown($by::varchar[], 'hour', hour) as hour,
    count(*) as count_exams,
from examined
where
    hour is not null
    and picked($months::date[], exam_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($weekdays::varchar[], weekday::varchar)
    and picked($hours::varchar[], hour::varchar)
    and dated($date_from::date, $date_to::date, exam_date)
group by all
