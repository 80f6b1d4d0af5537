-- Kept examinations that carry each rule's flag, beside the rows of the same sites and sources.
-- grain: one row a combination of the dimensions in $by
-- reads: data_quality_rule
-- params: by varchar[], trusts varchar[], sites varchar[], rules varchar[], sources varchar[]
-- returns: trust_code varchar, site_code varchar, rule varchar, source varchar, count_flagged hugeint people,
--   count_rows hugeint people
with chosen as (
    select
        shown($by::varchar[], 'trust_code', trust_code) as trust_code,
        shown($by::varchar[], 'site_code', site_code) as site_code,
        shown($by::varchar[], 'source', source) as source,
        rule,
        count_flagged,
    from data_quality_rule
    where
        picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($sources::varchar[], source)
        and (rule = '' or picked($rules::varchar[], rule))
),

held as (
    select
        trust_code,
        site_code,
        source,
        sum(count_flagged) as count_rows,
    from chosen
    where rule = ''
    group by all
),

flagged as (
    select
        trust_code,
        site_code,
        source,
        shown($by::varchar[], 'rule', rule) as rule,
        sum(count_flagged) as count_flagged,
    from chosen
    where rule <> ''
    group by all
),

rules as (
    select distinct rule
    from data_quality_rule
    where
        rule <> ''
        and list_contains($by::varchar[], 'rule')
        and picked($rules::varchar[], rule)
    union
    select null as rule
    where not list_contains($by::varchar[], 'rule')
)

select
    held.trust_code,
    held.site_code,
    rules.rule,
    held.source,
    coalesce(flagged.count_flagged, 0) as count_flagged,
    held.count_rows,
from held
cross join rules
left join flagged
    on held.trust_code is not distinct from flagged.trust_code
    and held.site_code is not distinct from flagged.site_code
    and held.source is not distinct from flagged.source
    and rules.rule is not distinct from flagged.rule
