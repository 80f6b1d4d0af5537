-- Kept peer reviews that carry each defect.
-- grain: one row a source x rule
-- reads: peer_review
-- params: none
-- returns: source varchar, rule varchar, count_flagged bigint
with flagged as (
    select
        source,
        unnest(list_distinct(dq_flags)) as rule,
    from peer_review
)

select
    source,
    rule,
    count(*) as count_flagged,
from flagged
group by all
order by all
