-- Completed examinations and those that started out of hours.
-- grain: one row a combination of the dimensions in $by
-- reads: activity_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, count_exams hugeint people, count_timed hugeint people,
--   count_out_of_hours hugeint people
select
    shown($by::varchar[], 'month', exam_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    sum(count_exams) as count_exams,
    sum(count_timed) as count_timed,
    sum(count_out_of_hours) as count_out_of_hours,
from activity_day
where
    exam_date is not null
    and picked($months::date[], exam_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and dated($date_from::date, $date_to::date, exam_date)
group by all
