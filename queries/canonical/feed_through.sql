-- The latest examination or verification of each site in each source: the as-of of a source that declares none.
-- grain: one row a source x site
-- reads: staged_exam
-- params: none
-- returns: source_no bigint, site_code varchar, ris_code varchar, latest_at timestamptz, first_date date, count_rows bigint
select
    source_no,
    site_code,
    ris_code,
    max(greatest(exam_start_at, exam_end_at, first_verified_at, last_verified_at)) as latest_at,
    min(least(exam_start_at, exam_end_at, received_at, requested_at, first_verified_at))::date as first_date,
    count(*) as count_rows,
from staged_exam
group by all
order by all
