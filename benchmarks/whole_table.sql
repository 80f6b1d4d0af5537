-- The yardstick: counts by month, site and modality from the canonical table.
-- grain: one row a month x site x modality
-- reads: exam
-- params: none
-- returns: exam_month date, site_code varchar, modality varchar, count_exams bigint
select
    exam_month,
    site_code,
    modality,
    count(*) as count_exams,
from exam
where status = 'completed'
group by all
