-- How many requests have a date of receipt and were not rejected.
-- grain: one row a reason; counted is what the figure stands on
-- reads: demand_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint people
with kept as (
    select *
    from demand_day
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
    'counted' as reason,
    coalesce(sum(count_requests - count_rejected) filter (where received_date is not null and not coalesce(is_before_export, false)), 0) as count_exams,
from kept
union all
select
    'before_export' as reason,
    coalesce(sum(count_requests) filter (where is_before_export), 0) as count_exams,
from kept
union all
select
    'vetting_rejected' as reason,
    coalesce(sum(count_rejected) filter (where received_date is not null and not coalesce(is_before_export, false)), 0) as count_exams,
from kept
union all
select
    'no_received_time' as reason,
    coalesce(sum(count_requests) filter (where received_date is null), 0) as count_exams,
from kept
