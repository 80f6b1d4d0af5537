-- Kept examinations that carry each rule's flag, beside the rows of the same sites and sources.
-- grain: one row a combination of the dimensions in $by
-- reads: data_quality_rule
-- params: by varchar[], trusts varchar[], sites varchar[], rules varchar[], sources varchar[]
-- returns: trust_code varchar, site_code varchar, rule varchar, source varchar, count_flagged hugeint, count_rows hugeint
with chosen as (
    select
        case when list_contains($by::varchar[], 'trust_code') then trust_code end as trust_code,
        case when list_contains($by::varchar[], 'site_code') then site_code end as site_code,
        case when list_contains($by::varchar[], 'source') then source end as source,
        rule,
        count_flagged,
    from data_quality_rule
    where
        (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($sources::varchar[]) = 0 or list_contains($sources::varchar[], source))
        and (rule = '' or array_length($rules::varchar[]) = 0 or list_contains($rules::varchar[], rule))
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
        case when list_contains($by::varchar[], 'rule') then rule end as rule,
        sum(count_flagged) as count_flagged,
    from chosen
    where rule <> ''
    group by all
)

select
    flagged.trust_code,
    flagged.site_code,
    flagged.rule,
    flagged.source,
    flagged.count_flagged,
    held.count_rows,
from flagged
inner join held
    on flagged.trust_code is not distinct from held.trust_code
    and flagged.site_code is not distinct from held.site_code
    and flagged.source is not distinct from held.source
