-- The organisations that reported for others, as their codes stand in the exports.
-- grain: one row an organisation
-- reads: exam
-- params: none
-- returns: supplier varchar
select distinct supplier
from exam
where supplier is not null
order by supplier
