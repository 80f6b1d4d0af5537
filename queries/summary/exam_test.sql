-- Which test of the national return each kind of examination is counted under: by the first rule of dm01_scope.toml that fits.
-- grain: one row a modality, exam_code and exam_name of a modality that the return knows
-- reads: exam, dm01_scope
-- params: none
-- returns: modality varchar, exam_code varchar, exam_name varchar, test varchar, is_in_scope boolean
with kinds as (
    select distinct
        modality,
        exam_code,
        exam_name,
    from exam
)

select
    kinds.modality,
    kinds.exam_code,
    kinds.exam_name,
    dm01_scope.stands_beside as test,
    dm01_scope.test is not null as is_in_scope,
from kinds
inner join dm01_scope
    on kinds.modality = dm01_scope.modality
    and (dm01_scope.exam_code is null or dm01_scope.exam_code = kinds.exam_code)
    and (dm01_scope.name_part is null or contains(lower(kinds.exam_name), dm01_scope.name_part))
qualify row_number() over (
    partition by kinds.modality, kinds.exam_code, kinds.exam_name
    order by dm01_scope.rule_no
) = 1
