-- Requests waiting at the end of the last day in range, and those that are not on the waiting list or, for want of a time, may be on it.
-- grain: one row a reason; counted is what the figure stands on
-- reads: waiting_span, site
-- params: trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[], urgencies varchar[],
--   pathways varchar[], bands varchar[], bookings varchar[], until_date date
-- returns: reason varchar, count_requests hugeint people
with standing as (
    select
        (least($until_date::date, site.data_through_date) - waiting_span.asked_date)::integer as wait_days,
        case when $until_date::date >= site.data_through_date then waiting_span.booking end as known_booking,
        waiting_span.* exclude (booking),
    from waiting_span
    inner join site on waiting_span.site_code = site.site_code
    where
        waiting_span.from_date <= $until_date::date
        and waiting_span.gone_date > $until_date::date
        and $until_date::date >= coalesce(site.covers_from, date '1900-01-01')
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
        when wait_category = 'planned' then 'planned'
        when wait_category = 'unscheduled' then 'unscheduled'
        when state <> 'counted' then state
        when wait_category = 'waiting_list' then 'counted'
        else 'no_wait_category'
    end as reason,
    sum(count_requests) as count_requests,
from placed
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
