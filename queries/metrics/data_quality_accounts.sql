-- Kept examinations that the rules looked at.
-- grain: one row: counted
-- reads: data_quality_rule
-- params: trusts varchar[], sites varchar[], rules varchar[], sources varchar[]
-- returns: reason varchar, count_exams hugeint people
select
    'counted' as reason,
    coalesce(sum(count_flagged), 0) as count_exams,
from data_quality_rule
where
    rule = ''
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($sources::varchar[], source)
    and (filtered($rules::varchar[]) is not null)
