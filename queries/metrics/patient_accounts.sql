-- The distinct patients counted, and the examinations that could not be.
-- grain: one row a reason; counted is what the figure stands on
-- reads: examined
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams bigint people
with reasoned as (
    select
        case
            when exam_date is null then 'no_exam_time'
            when patient_no is null then 'no_patient'
            else 'counted'
        end as reason,
        patient_no,
    from examined
    where
        picked($months::date[], account_month)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        and dated($date_from::date, $date_to::date, account_date)
)

select
    reason,
    case when reason = 'counted' then count(distinct patient_no) else count(*) end as count_exams,
from reasoned
group by reason
