-- How many staged reviews of each source met each fate.
-- grain: one row a source x fate
-- reads: review_fate
-- params: none
-- returns: source varchar, fate varchar, count_records bigint
select
    source,
    fate,
    count(*) as count_records,
from review_fate
group by all
order by all
