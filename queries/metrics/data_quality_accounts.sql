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
    and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
    and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
    and (array_length($sources::varchar[]) = 0 or list_contains($sources::varchar[], source))
    and (array_length($rules::varchar[]) >= 0)
