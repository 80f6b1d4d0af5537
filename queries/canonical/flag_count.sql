-- Kept examinations that carry each defect.
-- grain: one row a source x rule
-- reads: data_quality_rule
-- params: none
-- returns: source varchar, rule varchar, count_flagged hugeint
select
    source,
    rule,
    sum(count_flagged) as count_flagged,
from data_quality_rule
where rule <> ''
group by all
order by all
