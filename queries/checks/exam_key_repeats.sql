-- Two canonical examinations with one key.
-- grain: one row an offending key
-- reads: exam
-- params: none
-- returns: exam_id bigint, count_exams bigint
select
    exam_id,
    count(*) as count_exams,
from exam
group by exam_id
having count(*) > 1
