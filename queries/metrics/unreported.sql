-- Unreported examinations at the end of each month; without month in $by, at the last snapshot in range.
-- grain: one row a combination of the dimensions in $by; one snapshot, or one a month
-- reads: unreported_month
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], bands varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, band varchar, snapshot_month date, count_exams hugeint, count_over_10_days hugeint,
--   oldest_days bigint
with in_range as (
    select *
    from unreported_month
    where
        (array_length($months::date[]) = 0 or list_contains($months::date[], snapshot_month))
        and ($date_from::date is null or snapshot_date >= $date_from::date)
        and ($date_to::date is null or snapshot_date <= $date_to::date)
),

chosen as (
    select
        *,
        max(snapshot_month) over () as last_month,
    from in_range
)

select
    case when list_contains($by::varchar[], 'month') then snapshot_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'band') then band end as band,
    snapshot_month,
    sum(count_exams) as count_exams,
    sum(count_over_10_days) as count_over_10_days,
    max(oldest_days) as oldest_days,
from chosen
where
    (list_contains($by::varchar[], 'month') or snapshot_month = last_month)
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($bands::varchar[]) = 0 or list_contains($bands::varchar[], band))
group by all
