-- The requests on the waiting list at the end of the last day in range, the longest waiting first, a page of them.
-- grain: one row a request
-- reads: exam, site
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], bands varchar[], bookings varchar[], date_from date, date_to date,
--   max_rows integer, skipped_rows integer
-- returns: exam_id bigint, site_code varchar, modality varchar, exam_name varchar, patient_class varchar, urgency varchar,
--   pathway varchar, asked_date date, wait_days integer, band varchar, booking varchar, booked_date date, count_all bigint
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

waiting as (
    select
        exam.*,
        coalesce(exam.clock_reset_date, exam.received_date) as asked_date,
        (least(chosen.until_date, site.data_through_date) - coalesce(exam.clock_reset_date, exam.received_date))::integer as wait_days,
        chosen.until_date >= site.data_through_date as is_last,
        chosen.until_date,
        case
            when exam.status = 'completed' and exam.clock_state <> 'after_as_of' then exam.exam_date
            when exam.status = 'cancelled' and exam.cancelled_date <= exam.as_of_date then exam.cancelled_date
            when exam.status = 'did_not_attend' and exam.booked_date <= exam.as_of_date then exam.booked_date
        end as left_date,
    from exam
    inner join site on exam.site_code = site.site_code
    inner join chosen
        on coalesce(exam.clock_reset_date, exam.received_date) <= chosen.until_date
        and coalesce(exam.clock_reset_date, exam.received_date) <= exam.as_of_date
    where
        exam.wait_category = 'waiting_list'
        and exam.vetting_outcome is distinct from 'rejected'
        and exam.status is not null
        and not (exam.status = 'completed' and exam.exam_date is null)
        and not (exam.status = 'cancelled' and exam.cancelled_date is null)
        and not (exam.status = 'did_not_attend' and exam.booked_date is null)
        and ($date_from::date is null or chosen.until_date >= $date_from::date)
        and chosen.until_date >= coalesce(site.covers_from, date '1900-01-01')
),

placed as (
    select
        *,
        case
            when wait_days < 42 then '1 under 6 weeks'
            when wait_days < 91 then '2 6 to 13 weeks'
            else '3 13 weeks and over'
        end as band,
        case when is_last and left_date is null then case when status = 'booked' then 'booked' else 'unbooked' end end as booking,
    from waiting
    where
        left_date is null
        or (left_date > until_date and left_date > asked_date)
)

select
    exam_id,
    site_code,
    modality,
    exam_name,
    patient_class,
    urgency,
    pathway,
    asked_date,
    wait_days,
    band,
    booking,
    case when booking = 'booked' then booked_date end as booked_date,
    count(*) over () as count_all,
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
order by asked_date, exam_id
limit $max_rows::integer
offset $skipped_rows::integer
