-- How many staged records of each source met each fate.
-- grain: one row a source x fate
-- reads: exam_fate
-- params: none
-- returns: source_no bigint, fate varchar, count_records bigint, count_order_unknown bigint
select
    source_no,
    fate,
    count(*) as count_records,
    count(*) filter (is_order_unknown) as count_order_unknown,
from exam_fate
group by all
order by all
