-- Staged examinations with the position of their source and file, which decides between versions of equal age.
-- grain: one row a staged record
-- reads: staged_part, staged_file
-- params: none
-- returns: source_no bigint, file_no bigint, record bigint, exam_id bigint
select
    staged_file.source_no,
    staged_file.file_no,
    staged_part.* exclude (filename),
from staged_part
inner join staged_file on staged_part.filename = staged_file.filename
