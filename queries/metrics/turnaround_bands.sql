-- Examinations that need a report by elapsed time to the first verification, the unreported apart.
-- grain: one row a combination of the dimensions in $by
-- reads: examined
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], bands varchar[], date_from date,
--   date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, band varchar, count_exams bigint people
with banded as (
    select
        *,
        case
            when not is_reported then '9 unreported'
            when minutes < 4 * 60 then '1 under 4 h'
            when minutes < 24 * 60 then '2 4 to 24 h'
            when minutes < 2 * 1440 then '3 1 to 2 days'
            when minutes < 7 * 1440 then '4 2 to 7 days'
            when minutes < 14 * 1440 then '5 7 to 14 days'
            when minutes < 28 * 1440 then '6 14 to 28 days'
            else '7 28 days and over'
        end as band,
    from examined
    where clock_state = 'counted'
)

select
    shown($by::varchar[], 'month', exam_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'band', band) as band,
    count(*) as count_exams,
from banded
where
    picked($months::date[], exam_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($bands::varchar[], band)
    and dated($date_from::date, $date_to::date, exam_date)
group by all
