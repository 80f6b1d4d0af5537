-- Unreported examinations at the last snapshot in range.
-- grain: one row: counted
-- reads: unreported_month
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], bands varchar[], date_from date, date_to date
-- returns: reason varchar, count_exams hugeint
with in_range as (
    select
        *,
        max(snapshot_month) over () as last_month,
    from unreported_month
    where
        (array_length($months::date[]) = 0 or list_contains($months::date[], snapshot_month))
        and ($date_from::date is null or snapshot_date >= $date_from::date)
        and ($date_to::date is null or snapshot_date <= $date_to::date)
)

select
    'counted' as reason,
    coalesce(sum(count_exams), 0) as count_exams,
from in_range
where
    snapshot_month = last_month
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($bands::varchar[]) = 0 or list_contains($bands::varchar[], band))
