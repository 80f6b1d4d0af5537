-- Every clock of every examination, ended or still running, in minutes. Four clocks:
--   report           examination to first verification, elapsed
--   report_working   the same, in the minutes the site is open
--   exam             receipt (or the restart of the clock) to examination, in local calendar days of 1,440 minutes
--   result           receipt to first verification, in local calendar days of 1,440 minutes
-- A clock that has not ended runs to the site's as-of, or to the cancellation or missed appointment that gave the wait up.
-- A standard is judged on the report clock only: met and missed where the examination is old enough, else met_early or pending.
-- is_within_28_days, of the report clock too: reported in 28 local calendar days; null until 28 days have passed, or where the times do not tell.
-- grain: one row an examination x clock
-- reads: exam, exam_standard
-- params: none
-- returns: clock varchar, cohort_month date, cohort_date date, account_month date, account_date date, trust_code varchar,
--   site_code varchar, modality varchar, patient_class varchar, urgency varchar, pathway varchar, reporting_route varchar,
--   reader varchar, supplier varchar, report_month date, report_date date, state varchar, is_ended boolean, minutes integer, standard_id varchar, standard_state varchar,
--   body_region varchar, hour_band varchar, is_weekend boolean, is_within_28_days boolean
with judged as (  -- only the columns that a clock needs: every row of it becomes up to four
    select
        exam.trust_code,
        exam.site_code,
        exam.modality,
        exam.patient_class,
        exam.urgency,
        exam.pathway,
        exam.reporting_route,
        exam.reader,
        exam.supplier,
        exam.status,
        exam.vetting_outcome,
        exam.wait_category,
        exam.clock_state,
        exam.account_date,
        exam.exam_date,
        exam.as_of_date,
        exam.reported_date,
        exam.is_reported,
        exam.is_overwritten,
        exam.is_report_required,
        exam.is_before_export,
        exam.turnaround_minutes,
        exam.working_minutes,
        exam.clock_reset_date,
        exam.body_region,
        exam.hour_band,
        exam.is_weekend,
        list_contains(exam.dq_flags, 'exam_before_request') as is_flagged_before_request,
        exam_standard.standard_id,
        case exam_standard.unit
            when 'days' then case
                when exam.clock_state not in ('counted', 'date_only') then null
                when exam.report_days <= exam_standard.threshold then case when exam.age_days > exam_standard.threshold then 'met' else 'met_early' end
                when exam.age_days > exam_standard.threshold then 'missed'
                else 'pending'
            end
            when 'hours' then case
                when exam.clock_state <> 'counted' then null
                when exam.is_reported and exam.turnaround_seconds <= exam_standard.threshold * 3600
                    then case when exam.since_seconds >= exam_standard.threshold * 3600 then 'met' else 'met_early' end
                when exam.since_seconds >= exam_standard.threshold * 3600 then 'missed'
                else 'pending'
            end
        end as standard_state,
        case when exam.clock_state in ('counted', 'date_only') and exam.age_days > 28 then coalesce(exam.report_days <= 28, false) end as is_within_28_days,
        coalesce(exam.clock_reset_date, exam.received_date) as asked_date,
        case
            when exam.status = 'cancelled' and exam.cancelled_date < exam.as_of_date then exam.cancelled_date
            when exam.status = 'did_not_attend' and exam.booked_date < exam.as_of_date then exam.booked_date
            when exam.status = 'cancelled' and exam.cancelled_date is null then null
            when exam.status = 'did_not_attend' and exam.booked_date is null then null
            else exam.as_of_date
        end as given_up_date,
    from exam
    left join exam_standard
        on exam.exam_date = exam_standard.exam_date
        and exam.modality is not distinct from exam_standard.modality
        and exam.pathway is not distinct from exam_standard.pathway
        and exam.patient_class is not distinct from exam_standard.patient_class
),

asked as (
    select
        *,
        case
            when vetting_outcome = 'rejected' then 'vetting_rejected'
            when wait_category = 'planned' then 'planned'
            when asked_date is null then 'no_received_time'
            when asked_date > as_of_date then 'after_as_of'
            when is_before_export then 'before_export'
            when status is null then 'no_status'
            when given_up_date is null then 'no_end_time'
        end as asked_state,
        status = 'completed' and clock_state <> 'after_as_of' as is_examined,
        status = 'completed' and is_reported as is_answered,
        exam_date < asked_date
        or (exam_date = asked_date and clock_reset_date is null and is_flagged_before_request) as is_before_request,
    from judged
),

-- One pass, each row of it once a clock: four selects under a union cannot be sorted in little memory.
each_clock as (
    select
        asked.*,
        kind.clock,
        kind.clock in ('report', 'report_working') as is_from_exam,
    from asked
    cross join (values ('report'), ('report_working'), ('exam'), ('result')) as kind (clock)
    where asked.status = 'completed' or kind.clock in ('exam', 'result')
),

clocks as (
    select
        case when is_from_exam then exam_date else asked_date end as cohort_date,
        case when is_from_exam then account_date else coalesce(asked_date, account_date) end as account_date,
        case
            when clock = 'report' then clock_state
            when clock = 'report_working' then case when clock_state = 'counted' and working_minutes is null then 'no_opening_hours' else clock_state end
            when asked_state is not null then asked_state
            when clock = 'exam' then case
                when is_examined and exam_date is null then 'no_exam_time'
                when is_examined and is_before_request then 'exam_before_request'
                when not is_examined and given_up_date < asked_date then 'ended_before_request'
                else 'counted'
            end
            when not coalesce(is_report_required, true) then 'report_not_required'
            when is_overwritten then 'addendum_overwrote_first'
            when clock_state = 'report_before_exam' then clock_state
            when is_examined and is_before_request then 'exam_before_request'
            when is_answered and reported_date < asked_date then 'report_before_request'
            when not is_answered and given_up_date < asked_date then 'ended_before_request'
            else 'counted'
        end as state,
        case clock when 'exam' then is_examined when 'result' then is_answered else is_reported end as is_ended,
        case clock
            when 'report' then turnaround_minutes
            when 'report_working' then working_minutes
            when 'exam' then ((case when is_examined then exam_date else given_up_date end - asked_date) * 1440)::integer
            else ((case when is_answered then reported_date else given_up_date end - asked_date) * 1440)::integer
        end as minutes,
        case when clock = 'report' then standard_id end as standard_id,
        case when clock = 'report' then standard_state end as standard_state,
        case when clock = 'report' then body_region end as body_region,
        case when clock = 'report' then hour_band end as hour_band,
        case when clock = 'report' then is_weekend end as is_weekend,
        case when clock = 'report' then is_within_28_days end as is_within_28_days,
        each_clock.* exclude (account_date, standard_id, standard_state, body_region, hour_band, is_weekend, is_within_28_days),
    from each_clock
)

select
    clock,
    date_trunc('month', cohort_date)::date as cohort_month,
    cohort_date,
    date_trunc('month', account_date)::date as account_month,
    account_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    reader,
    supplier,
    date_trunc('month', case when is_reported then reported_date end)::date as report_month,
    case when is_reported then reported_date end as report_date,
    state,
    is_ended,
    minutes,
    standard_id,
    standard_state,
    body_region,
    hour_band,
    is_weekend,
    is_within_28_days,
from clocks
order by clock, pathway, cohort_month, site_code, modality, minutes
