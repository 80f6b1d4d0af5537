-- Staged peer reviews with the position of their source and file, which decides between versions of equal age.
-- grain: one row a staged record
-- reads: staged_review_part, staged_review_file
-- params: none
-- returns: source_no bigint, file_no bigint, source varchar, record bigint, review_id bigint
select
    staged_review_file.source_no,
    staged_review_file.file_no,
    staged_review_file.source,
    staged_review_part.* exclude (filename),
from staged_review_part
inner join staged_review_file on staged_review_part.filename = staged_review_file.filename
