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
        and picked($months::date[], snapshot_month)
        and dated($date_from::date, $date_to::date, snapshot_date)
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
    shown($by::varchar[], 'month', snapshot_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'band', band) as band,
    shown($by::varchar[], 'booking', booking) as booking,
    snapshot_month,
    sum(count_waiting) as count_waiting,
    sum(count_over_six_weeks) as count_over_six_weeks,
    sum(count_over_thirteen_weeks) as count_over_thirteen_weeks,
    max(oldest_days) as oldest_days,
from snapshots
where
    true
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($bands::varchar[], band)
    and picked($bookings::varchar[], booking)
group by all
