-- The requests on the waiting list at the end of the last day in range, the longest waiting first, a page of them.
-- grain: one row a request
-- reads: exam, site
-- params: trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[], urgencies varchar[],
--   pathways varchar[], bands varchar[], bookings varchar[], max_rows integer, skipped_rows integer, until_date date
-- returns: exam_id bigint, site_code varchar, modality varchar, exam_name varchar, patient_class varchar, urgency varchar,
--   pathway varchar, asked_date date, wait_days integer, band varchar, booking varchar, booked_date date, count_all bigint
with waiting as (
    select
        exam.*,
        coalesce(exam.clock_reset_date, exam.received_date) as asked_date,
        (least($until_date::date, site.data_through_date) - coalesce(exam.clock_reset_date, exam.received_date))::integer as wait_days,
        $until_date::date >= site.data_through_date as is_last,
        case
            when exam.status = 'completed' and exam.clock_state <> 'after_as_of' then exam.exam_date
            when exam.status = 'cancelled' and exam.cancelled_date <= exam.as_of_date then exam.cancelled_date
            when exam.status = 'did_not_attend' and exam.booked_date <= exam.as_of_date then exam.booked_date
        end as left_date,
    from exam
    inner join site on exam.site_code = site.site_code
    where
        coalesce(exam.clock_reset_date, exam.received_date) <= $until_date::date
        and coalesce(exam.clock_reset_date, exam.received_date) <= exam.as_of_date
        and exam.wait_category = 'waiting_list'
        and exam.vetting_outcome is distinct from 'rejected'
        and exam.status is not null
        and not (exam.status = 'completed' and exam.exam_date is null)
        and not (exam.status = 'cancelled' and exam.cancelled_date is null)
        and not (exam.status = 'did_not_attend' and exam.booked_date is null)
        and $until_date::date >= coalesce(site.covers_from, date '1900-01-01')
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
        or (left_date > $until_date::date and left_date > asked_date)
),

listed as (
    select *
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
),

totals as (
    select count(*) as count_all
    from listed
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
    totals.count_all,
from listed
cross join totals
order by asked_date, exam_id
limit $max_rows::integer
offset $skipped_rows::integer
