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
    picked($months::date[], account_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($bands::varchar[], band)
    and dated($date_from::date, $date_to::date, account_date)
group by all
