-- Reviewed reports that the discrepancy rate counts, and those that it does not.
-- grain: one row a reason; counted is what the figure stands on
-- reads: review_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], samplings varchar[], date_from date, date_to date
-- returns: reason varchar, count_reports hugeint people
select
    case
        when state <> 'counted' then state
        when sampled_how in ('random', 'all') or list_contains($by::varchar[], 'sampled_how') or filtered($samplings::varchar[]) then 'counted'
        else 'not_sampled_at_random'
    end as reason,
    sum(count_reviewed) as count_reports,
from review_day
where
    picked($months::date[], review_month)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
    and picked($readers::varchar[], reader)
    and picked($suppliers::varchar[], supplier)
    and picked($samplings::varchar[], sampled_how)
    and dated($date_from::date, $date_to::date, review_date)
group by all
