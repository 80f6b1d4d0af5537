-- Reviewed reports that the discrepancy rate counts, and those that it does not.
-- grain: one row a reason; counted is what the figure stands on
-- reads: review_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], samplings varchar[], date_from date, date_to date
-- returns: reason varchar, count_reports hugeint people
select
    case
        when state <> 'counted' then state
        when sampled_how in ('random', 'all') or list_contains($by::varchar[], 'sampled_how') or array_length($samplings::varchar[]) > 0 then 'counted'
        else 'not_sampled_at_random'
    end as reason,
    sum(count_reviewed) as count_reports,
from review_day
where
    (array_length($months::date[]) = 0 or list_contains($months::date[], review_month))
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
    and (array_length($readers::varchar[]) = 0 or list_contains($readers::varchar[], reader))
    and (array_length($suppliers::varchar[]) = 0 or list_contains($suppliers::varchar[], supplier))
    and (array_length($samplings::varchar[]) = 0 or list_contains($samplings::varchar[], sampled_how))
    and ($date_from::date is null or review_date >= $date_from::date)
    and ($date_to::date is null or review_date <= $date_to::date)
group by all
