-- The canonical examination: staged records that stand, with their trust, local dates and the state of every clock.
-- T0 is the end of the examination, else its start; T1 the first verification; A the site's own as-of.
-- grain: one row an examination
-- reads: staged_exam, exam_fate, site, site_period, site_hours, site_open, report_rule, calendar, source
-- params: none
-- returns: exam_id bigint, network_code varchar, trust_code varchar, site_code varchar, ris_code varchar,
--   source varchar, scanner_code varchar, event_id varchar, accession varchar, exam_seq varchar,
--   patient_key bigint, age_band varchar, sex varchar, imd_decile integer, exam_code varchar,
--   exam_name varchar, modality varchar, body_region varchar, patient_class varchar, urgency varchar,
--   pathway varchar, referrer_specialty varchar, wait_category varchar, vetting_outcome varchar,
--   cancelled_at timestamptz, cancel_reason varchar, clock_reset_at timestamptz, status varchar,
--   requested_at timestamptz, received_at timestamptz, booked_for timestamptz, arrived_at timestamptz,
--   exam_start_at timestamptz, exam_end_at timestamptz, exam_at timestamptz, assigned_at timestamptz,
--   preliminary_at timestamptz, first_verified_at timestamptz, last_verified_at timestamptz,
--   issued_at timestamptz, reporter_key bigint, reporter_role varchar, reporting_route varchar,
--   reporting_org_code varchar, reader varchar, supplier varchar, is_report_required boolean,
--   addendum_count integer, first_addendum_at timestamptz, addendum_class varchar,
--   is_follow_up_recommended boolean, dq_flags varchar[], exam_date date, exam_month date, exam_hour integer,
--   exam_weekday integer, hour_band varchar, is_weekend boolean, is_out_of_hours boolean, received_date date,
--   requested_date date, booked_date date, reported_date date, assigned_date date, preliminary_date date,
--   cancelled_date date, clock_reset_date date, as_of_date date, is_before_export boolean,
--   is_received_before_export boolean, account_date date, clock_state varchar, is_overwritten boolean,
--   is_reported boolean, turnaround_minutes integer, since_seconds bigint, turnaround_seconds bigint,
--   exam_local timestamp, working_minutes integer, age_days integer, report_days integer,
--   is_addendum_mature boolean, is_amended boolean
with standing as (
    select staged_exam.*
    from staged_exam
    anti join (select source_no, file_no, record from exam_fate where fate <> 'kept') as fallen
        on staged_exam.source_no = fallen.source_no
        and staged_exam.file_no = fallen.file_no
        and staged_exam.record = fallen.record
),

timed as (
    select
        *,
        coalesce(exam_end_at, exam_start_at) as exam_at,
        coalesce(exam_end_at_local, exam_start_at_local) as exam_local,
        coalesce(exam_start_at_local, exam_end_at_local) as start_local,
        case when exam_start_at is null then is_exam_end_at_date_only else is_exam_start_at_date_only end as is_start_date_only,
        case when exam_end_at is null then is_exam_start_at_date_only else is_exam_end_at_date_only end as is_exam_date_only,
        coalesce(list_contains(dq_flags, 'addendum_overwrote_first'), false) as is_overwritten,
    from standing
),

placed as (
    select
        timed.*,
        site.data_through as as_of,
        site.data_through_date as as_of_date,
        site.nation,
        site.covers_from,
        source.name as source,
        source.network_code,
        case
            when urgency = 'suspected_cancer' then 'suspected_cancer'
            when urgency = 'emergency' or patient_class = '05' then 'emergency'
            when patient_class in ('01', '02') then 'inpatient'
            when urgency = 'urgent' then 'urgent'
            when urgency = 'routine' or patient_class is not null then 'routine'
        end as pathway,
        site_period.trust_code as trust_code,
        coalesce(first_verified_at, case when is_overwritten then coalesce(last_verified_at, first_addendum_at) end) as reported_at,
        coalesce(first_verified_at_local, case when is_overwritten then coalesce(last_verified_at_local, first_addendum_at_local) end)::date as reported_date,
    from timed
    inner join site on timed.site_code = site.site_code
    inner join source on timed.source_no = source.source_no
    inner join site_period
        on timed.site_code = site_period.site_code
        and coalesce(exam_local, booked_for_local, received_at_local, requested_at_local, timestamp '2100-01-01')::date >= site_period.valid_from
        and coalesce(exam_local, booked_for_local, received_at_local, requested_at_local, timestamp '2100-01-01')::date < site_period.valid_to
),

-- A dated rule of the network decides over what the RIS says; of several the last in the file. It reads the few columns it needs
-- from the staged records, once more: what is read twice further down would be held in memory whole.
ruled as (
    select
        staged_exam.source_no,
        staged_exam.file_no,
        staged_exam.record,
        arg_max(report_rule.is_report_required, report_rule.rule_no) as is_required,
    from staged_exam
    inner join report_rule
        on (report_rule.site_code is null or report_rule.site_code = staged_exam.site_code)
        and (report_rule.modality is null or report_rule.modality = staged_exam.modality)
        and (report_rule.exam_code is null or report_rule.exam_code = staged_exam.exam_code)
        and (report_rule.patient_class is null or report_rule.patient_class = staged_exam.patient_class)
        and coalesce(staged_exam.exam_end_at_local, staged_exam.exam_start_at_local)::date >= report_rule.valid_from
        and coalesce(staged_exam.exam_end_at_local, staged_exam.exam_start_at_local)::date <= report_rule.valid_to
    group by staged_exam.source_no, staged_exam.file_no, staged_exam.record
),

dated as (
    select
        placed.* exclude (is_report_required),
        coalesce(ruled.is_required, placed.is_report_required) as is_report_required,
        calendar.weekday,
        case when not is_start_date_only then hour(start_local) end as start_hour,
        case
            when start_local is null or is_start_date_only then null
            else not calendar.is_working_day
                or site_hours.open_minute is null
                or hour(start_local) * 60 + minute(start_local) < site_hours.open_minute
                or hour(start_local) * 60 + minute(start_local) >= site_hours.close_minute
        end as is_out_of_hours,
        opening.opened_before + coalesce(
            greatest(0, least(epoch(placed.exam_at), epoch(opening.close_at)) - epoch(opening.open_at)) / 60,
            0
        ) as opened_at_exam,
        closing.opened_before + coalesce(
            greatest(0, least(epoch(coalesce(least(placed.first_verified_at, placed.as_of), placed.as_of)), epoch(closing.close_at)) - epoch(closing.open_at)) / 60,
            0
        ) as opened_at_end,
    from placed
    left join ruled
        on placed.source_no = ruled.source_no
        and placed.file_no = ruled.file_no
        and placed.record = ruled.record
    left join site_open as opening
        on placed.site_code = opening.site_code
        and placed.exam_local::date = opening.date
    left join site_open as closing
        on placed.site_code = closing.site_code
        and case when placed.first_verified_at <= placed.as_of then placed.first_verified_at_local::date else placed.as_of_date end = closing.date
    left join calendar
        on placed.nation = calendar.nation
        and placed.start_local::date = calendar.date
    left join site_hours
        on placed.site_code = site_hours.site_code
        and calendar.weekday = site_hours.weekday
)

select
    exam_id,
    network_code,
    trust_code,
    site_code,
    ris_code,
    source,
    scanner_code,
    coalesce(event_id, accession) as event_id,
    accession,
    exam_seq,
    patient_key,
    age_band,
    sex,
    imd_decile,
    exam_code,
    exam_name,
    modality,
    body_region,
    patient_class,
    urgency,
    pathway,
    referrer_specialty,
    wait_category,
    vetting_outcome,
    cancelled_at,
    cancel_reason,
    clock_reset_at,
    status,
    requested_at,
    received_at,
    booked_for,
    arrived_at,
    exam_start_at,
    exam_end_at,
    exam_at,
    assigned_at,
    preliminary_at,
    first_verified_at,
    last_verified_at,
    issued_at,
    reporter_key,
    reporter_role,
    reporting_route,
    reporting_org_code,
    case
        when reporting_route <> 'in_house' then reporting_route
        when reporter_role in ('radiologist', 'registrar', 'reporting_radiographer') then reporter_role
        when reporting_route = 'in_house' then 'in_house_other'
    end as reader,
    case when reporting_route in ('network', 'insourced', 'outsourced') then coalesce(reporting_org_code, reporting_route) end as supplier,
    is_report_required,
    addendum_count,
    first_addendum_at,
    addendum_class,
    is_follow_up_recommended,
    dq_flags,
    exam_local::date as exam_date,
    date_trunc('month', exam_local)::date as exam_month,
    start_hour::integer as exam_hour,
    case when start_hour is not null then weekday end::integer as exam_weekday,
    case when start_hour between 8 and 17 then 'day' when start_hour between 18 and 22 then 'evening' when start_hour is not null then 'night' end as hour_band,
    case when start_hour is not null then weekday >= 6 end as is_weekend,
    is_out_of_hours,
    received_at_local::date as received_date,
    requested_at_local::date as requested_date,
    booked_for_local::date as booked_date,
    reported_date,
    assigned_at_local::date as assigned_date,
    preliminary_at_local::date as preliminary_date,
    cancelled_at_local::date as cancelled_date,
    clock_reset_at_local::date as clock_reset_date,
    as_of_date,
    coalesce(coalesce(clock_reset_at_local, received_at_local)::date < covers_from, false) as is_before_export,
    coalesce(received_at_local::date < covers_from, false) as is_received_before_export,
    coalesce(exam_local::date, reported_date, booked_for_local::date, received_at_local::date, requested_at_local::date) as account_date,
    case
        when status is distinct from 'completed' then 'not_completed'
        when exam_at is null then 'no_exam_time'
        when exam_at > as_of then 'after_as_of'
        when not coalesce(is_report_required, true) then 'report_not_required'
        when is_overwritten then 'addendum_overwrote_first'
        when first_verified_at < exam_at and not (is_first_verified_at_date_only and reported_date = exam_local::date) then 'report_before_exam'
        when is_exam_date_only then 'date_only'
        when first_verified_at <= as_of and is_first_verified_at_date_only then 'date_only'
        else 'counted'
    end as clock_state,
    is_overwritten,
    coalesce(reported_at <= as_of, false) as is_reported,
    floor((epoch(least(coalesce(first_verified_at, as_of), as_of)) - epoch(exam_at)) / 60)::integer as turnaround_minutes,
    (floor(epoch(as_of)) - floor(epoch(exam_at)))::bigint as since_seconds,
    (floor(epoch(least(coalesce(first_verified_at, as_of), as_of))) - floor(epoch(exam_at)))::bigint as turnaround_seconds,
    exam_local,
    floor(opened_at_end - opened_at_exam + 1e-6)::integer as working_minutes,
    (as_of_date - exam_local::date)::integer as age_days,
    case when reported_at <= as_of then (reported_date - exam_local::date)::integer end as report_days,
    case when first_verified_at <= as_of then first_verified_at <= as_of - interval 30 day end as is_addendum_mature,
    first_addendum_at <= first_verified_at + interval 30 day as is_amended,
from dated
order by exam_month, site_code, modality, exam_at, exam_id
