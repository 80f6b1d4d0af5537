-- How many staged reviews of each source met each fate.
-- grain: one row a source x fate
-- reads: review_fate
-- params: none
-- returns: source varchar, fate varchar, count_records bigint, count_order_unknown bigint
select
    source,
    fate,
    count(*) as count_records,
    count(*) filter (is_order_unknown) as count_order_unknown,
from review_fate
group by all
order by all
