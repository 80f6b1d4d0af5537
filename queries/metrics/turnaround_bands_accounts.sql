-- Completed examinations by whether their turnaround can be clocked.
-- grain: one row a reason; counted is what the figure stands on
-- reads: examined
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], bands varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams bigint people
with banded as (
    select
        *,
        case
            when not is_reported then '9 unreported'
            when minutes is null then null
            when minutes < 4 * 60 then '1 under 4 h'
            when minutes < 24 * 60 then '2 4 to 24 h'
            when minutes < 2 * 1440 then '3 1 to 2 days'
            when minutes < 7 * 1440 then '4 2 to 7 days'
            when minutes < 14 * 1440 then '5 7 to 14 days'
            when minutes < 28 * 1440 then '6 14 to 28 days'
            else '7 28 days and over'
        end as band,
    from examined
)

select
    clock_state as reason,
    count(*) as count_exams,
from banded
where
    (array_length($months::date[]) = 0 or list_contains($months::date[], account_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($bands::varchar[]) = 0 or list_contains($bands::varchar[], band))
    and ($date_from::date is null or account_date >= $date_from::date)
    and ($date_to::date is null or account_date <= $date_to::date)
group by all
