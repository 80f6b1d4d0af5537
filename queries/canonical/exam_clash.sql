-- Records whose accession was reused for another patient.
-- grain: one row a record
-- reads: exam_fate
-- params: none
-- returns: source_no bigint, file_no bigint, record bigint
select
    source_no,
    file_no,
    record,
from exam_fate
where fate = 'reused_accession'
order by all
