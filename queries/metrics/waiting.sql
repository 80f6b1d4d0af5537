-- Requests on the waiting list at the end of each month; without month in $by, at the end of the last day in range. Planned
-- surveillance and unscheduled work are not on the list.
-- grain: one row a combination of the dimensions in $by; one snapshot, or one a month
-- reads: waiting_month, waiting_span, site
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], bands varchar[], bookings varchar[], date_from date, date_to date,
--   until_date date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, band varchar, booking varchar, snapshot_month date,
--   count_waiting hugeint people, count_over_six_weeks hugeint people,
--   count_over_thirteen_weeks hugeint people, oldest_days integer days
with standing as (
    select
        $until_date::date as snapshot_date,
        (least($until_date::date, site.data_through_date) - waiting_span.asked_date)::integer as wait_days,
        case when $until_date::date >= site.data_through_date then waiting_span.booking end as known_booking,
        waiting_span.* exclude (booking),
    from waiting_span
    inner join site on waiting_span.site_code = site.site_code
    where
        waiting_span.asked_date <= $until_date::date
        and waiting_span.gone_date > $until_date::date
        and waiting_span.state = 'counted'
        and waiting_span.wait_category = 'waiting_list'
        and not list_contains($by::varchar[], 'month')
        and $until_date::date >= coalesce(site.covers_from, date '1900-01-01')
),

snapshots as (
    select
        snapshot_month,
        trust_code, site_code, modality, patient_class, urgency, pathway, band, booking,
        count_waiting, count_over_six_weeks, count_over_thirteen_weeks, oldest_days,
    from waiting_month
    where
        list_contains($by::varchar[], 'month')
        and wait_category = 'waiting_list'
        and (array_length($months::date[]) = 0 or list_contains($months::date[], snapshot_month))
        and ($date_from::date is null or snapshot_date >= $date_from::date)
        and ($date_to::date is null or snapshot_date <= $date_to::date)
    union all by name
    select
        date_trunc('month', snapshot_date)::date as snapshot_month,
        trust_code, site_code, modality, patient_class, urgency, pathway,
        case
            when wait_days < 42 then '1 under 6 weeks'
            when wait_days < 91 then '2 6 to 13 weeks'
            else '3 13 weeks and over'
        end as band,
        known_booking as booking,
        count_requests as count_waiting,
        case when wait_days >= 42 then count_requests else 0 end as count_over_six_weeks,
        case when wait_days >= 91 then count_requests else 0 end as count_over_thirteen_weeks,
        wait_days as oldest_days,
    from standing
)

select
    case when list_contains($by::varchar[], 'month') then snapshot_month end as month,
    case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
    case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
    case when list_contains($by::varchar[], 'modality') then modality end as modality,
    case when list_contains($by::varchar[], 'patient_class') then patient_class end as patient_class,
    case when list_contains($by::varchar[], 'urgency') then urgency end as urgency,
    case when list_contains($by::varchar[], 'pathway') then pathway end as pathway,
    case when list_contains($by::varchar[], 'band') then band end as band,
    case when list_contains($by::varchar[], 'booking') then booking end as booking,
    snapshot_month,
    sum(count_waiting) as count_waiting,
    sum(count_over_six_weeks) as count_over_six_weeks,
    sum(count_over_thirteen_weeks) as count_over_thirteen_weeks,
    max(oldest_days) as oldest_days,
from snapshots
where
    true
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
    and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
    and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
    and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
    and (array_length($bands::varchar[]) = 0 or list_contains($bands::varchar[], band))
    and (array_length($bookings::varchar[]) = 0 or list_contains($bookings::varchar[], booking))
group by all
