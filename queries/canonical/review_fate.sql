-- What becomes of staged reviews that share a key: exact copies, and versions that a later one replaces.
-- grain: one row a staged record whose key occurs more than once
-- reads: staged_review
-- params: none
-- returns: source_no bigint, file_no bigint, source varchar, record bigint, fate varchar, is_order_unknown boolean
with repeated as (
    select review_id
    from staged_review
    group by review_id
    having count(*) > 1
),

contents as (
    select
        staged_review.review_id,
        staged_review.source_no,
        staged_review.file_no,
        staged_review.source,
        staged_review.record,
        staged_review.latest_at,
        md5(to_json(struct_pack(
            exam_id := exam_id, reviewed_at := reviewed_at, grade := grade, reviewer_route := reviewer_route,
            sampled_how := sampled_how, latest_at := latest_at
        ))::varchar) as content,
    from staged_review
    semi join repeated on staged_review.review_id = repeated.review_id
),

copies as (
    select
        *,
        row_number() over (
            partition by review_id, content
            order by source_no desc, file_no desc, record desc
        ) as copy_no,
    from contents
),

versions as (
    select
        *,
        row_number() over (
            partition by review_id, copy_no = 1
            order by latest_at desc nulls last, source_no desc, file_no desc, record desc
        ) as version_no,
        first_value(latest_at) over (
            partition by review_id, copy_no = 1
            order by latest_at desc nulls last, source_no desc, file_no desc, record desc
        ) as newest_at,
    from copies
)

select
    source_no,
    file_no,
    source,
    record,
    case
        when copy_no > 1 then 'duplicate'
        when version_no > 1 then 'superseded'
        else 'kept'
    end as fate,
    copy_no = 1 and version_no > 1 and coalesce(latest_at >= newest_at, true) as is_order_unknown,
from versions
