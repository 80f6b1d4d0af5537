-- Requests waiting at the end of the last day in range, and those that are not on the waiting list or cannot be placed.
-- grain: one row a reason; counted is what the figure stands on
-- reads: waiting_span, site
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], bands varchar[], bookings varchar[], date_from date, date_to date
-- returns: reason varchar, count_requests hugeint
-- The last day in range: no later than the dates, the months or the data, whichever ends first.
with ends as (
    select
        max(data_through_date) as data_end,
        last_day(list_max($months::date[])) as months_end,
    from site
),

chosen as (
    select case
        when data_end < coalesce(least($date_to::date, months_end), data_end) then data_end
        else coalesce(least($date_to::date, months_end), data_end)
    end as until_date
    from ends
),

standing as (
    select
        (least(chosen.until_date, site.data_through_date) - waiting_span.asked_date)::integer as wait_days,
        case when chosen.until_date >= site.data_through_date then waiting_span.booking end as known_booking,
        waiting_span.* exclude (booking),
    from waiting_span
    inner join site on waiting_span.site_code = site.site_code
    inner join chosen
        on waiting_span.state <> 'counted'
        or (
            waiting_span.asked_date <= chosen.until_date
            and coalesce(waiting_span.left_date, date '9999-12-31') > chosen.until_date
        )
    where
        ($date_from::date is null or chosen.until_date >= $date_from::date)
        and chosen.until_date >= coalesce(site.covers_from, date '1900-01-01')
),

placed as (
    select
        *,
        case
            when wait_days is null then null
            when wait_days < 42 then '1 under 6 weeks'
            when wait_days < 91 then '2 6 to 13 weeks'
            else '3 13 weeks and over'
        end as band,
        known_booking as booking,
    from standing
)

select
    case
        when state <> 'counted' then state
        when wait_category = 'waiting_list' then 'counted'
        when wait_category = 'planned' then 'planned'
        when wait_category = 'unscheduled' then 'unscheduled'
        else 'no_wait_category'
    end as reason,
    sum(count_requests) as count_requests,
from placed
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
