-- The canonical peer review: staged records that stand, with the site of the examination that they are of.
-- Two reviews of one report are two records. A review of an examination that the extract does not hold stays, without a site, and is flagged.
-- grain: one row a review
-- reads: staged_review, review_fate, exam
-- params: none
-- returns: review_id bigint, exam_id bigint, site_code varchar, ris_code varchar, accession varchar, exam_seq varchar,
--   reviewed_at timestamptz, grade varchar, reviewer_route varchar, sampled_how varchar, reviewed_date date, source varchar, dq_flags varchar[]
with standing as (
    select staged_review.*
    from staged_review
    anti join (select source_no, file_no, record from review_fate where fate <> 'kept') as fallen
        on staged_review.source_no = fallen.source_no
        and staged_review.file_no = fallen.file_no
        and staged_review.record = fallen.record
)

select
    standing.review_id,
    standing.exam_id,
    exam.site_code,
    standing.ris_code,
    standing.accession,
    standing.exam_seq,
    standing.reviewed_at,
    standing.grade,
    standing.reviewer_route,
    standing.sampled_how,
    standing.reviewed_at_local::date as reviewed_date,
    standing.source,
    case when exam.exam_id is null then list_append(standing.dq_flags, 'review_without_exam') else standing.dq_flags end as dq_flags,
from standing
left join exam on standing.exam_id = exam.exam_id
order by reviewed_at, review_id
