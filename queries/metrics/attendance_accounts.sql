-- The distinct attendances counted, and the examinations that could not be.
-- grain: one row a reason; counted is what the figure stands on
-- reads: examined
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams bigint people
with reasoned as (
    select
        case
            when exam_date is null then 'no_exam_time'
            else 'counted'
        end as reason,
        event_no,
    from examined
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
)

select
    reason,
    case when reason = 'counted' then count(distinct event_no) else count(*) end as count_exams,
from reasoned
group by reason
