-- What becomes of staged examinations that share a key: exact copies, superseded versions, reused accessions.
-- grain: one row a staged record whose key occurs more than once
-- reads: staged_exam
-- params: none
-- returns: source_no bigint, file_no bigint, record bigint, fate varchar, is_order_unknown boolean
with repeated as (
    select exam_id
    from staged_exam
    group by exam_id
    having count(*) > 1
),

contents as (
    select
        staged_exam.exam_id,
        staged_exam.patient_key,
        staged_exam.source_no,
        staged_exam.file_no,
        staged_exam.record,
        staged_exam.latest_at,
        md5(to_json(struct_pack(
            site_code := site_code, ris_code := ris_code, accession := accession, exam_seq := exam_seq, event_id := event_id,
            scanner_code := scanner_code, patient_key := patient_key, age_band := age_band, sex := sex, imd_decile := imd_decile,
            exam_code := exam_code, exam_name := exam_name, modality := modality, body_region := body_region,
            patient_class := patient_class, urgency := urgency, referrer_specialty := referrer_specialty,
            wait_category := wait_category, vetting_outcome := vetting_outcome, cancelled_at := cancelled_at,
            cancel_reason := cancel_reason, clock_reset_at := clock_reset_at, status := status, requested_at := requested_at,
            received_at := received_at, booked_for := booked_for, arrived_at := arrived_at, exam_start_at := exam_start_at,
            exam_end_at := exam_end_at, assigned_at := assigned_at, preliminary_at := preliminary_at,
            first_verified_at := first_verified_at, last_verified_at := last_verified_at, issued_at := issued_at,
            reporter_key := reporter_key, reporter_role := reporter_role, reporting_route := reporting_route,
            reporting_org_code := reporting_org_code, is_report_required := is_report_required, addendum_count := addendum_count,
            first_addendum_at := first_addendum_at, addendum_class := addendum_class,
            is_follow_up_recommended := is_follow_up_recommended, latest_at := latest_at
        ))::varchar) as content,
    from staged_exam
    semi join repeated on staged_exam.exam_id = repeated.exam_id
),

copies as (
    select
        *,
        row_number() over (
            partition by exam_id, content
            order by source_no desc, file_no desc, record desc
        ) as copy_no,
        min(patient_key) over (partition by exam_id) <> max(patient_key) over (partition by exam_id) as is_reused,
    from contents
),

versions as (
    select
        *,
        row_number() over (
            partition by exam_id, copy_no = 1
            order by latest_at desc nulls last, source_no desc, file_no desc, record desc
        ) as version_no,
        first_value(latest_at) over (
            partition by exam_id, copy_no = 1
            order by latest_at desc nulls last, source_no desc, file_no desc, record desc
        ) as newest_at,
    from copies
)

select
    source_no,
    file_no,
    record,
    case
        when copy_no > 1 then 'duplicate'
        when is_reused then 'reused_accession'
        when version_no > 1 then 'superseded'
        else 'kept'
    end as fate,
    -- replaced by a version that is not known to be newer: one of the two has no time of change, or both have the same
    copy_no = 1 and not is_reused and version_no > 1 and coalesce(latest_at >= newest_at, true) as is_order_unknown,
from versions
