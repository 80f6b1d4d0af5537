-- Kept examinations that carry each defect, beside the rows they are among.
-- grain: one row a site x source x rule; the rule '' holds the rows
-- reads: exam
-- params: none
-- returns: trust_code varchar, site_code varchar, source varchar, rule varchar, count_flagged bigint
with flagged as (
    select
        trust_code,
        site_code,
        source,
        unnest(list_distinct(dq_flags)) as rule,
    from exam
)

select
    trust_code,
    site_code,
    source,
    rule,
    count(*) as count_flagged,
from flagged
group by all
union all
select
    trust_code,
    site_code,
    source,
    '' as rule,
    count(*) as count_flagged,
from exam
group by all
order by all
