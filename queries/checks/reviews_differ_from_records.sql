-- A site whose reviewed reports differ between the canonical peer reviews and the day table.
-- grain: one row an offending site; reviews of examinations that the extract does not hold are one
-- reads: peer_review, review_day
-- params: none
-- returns: site_code varchar, count_records hugeint, count_reports hugeint
with records as (
    select
        site_code,
        count(distinct exam_id) filter (where sampled_how in ('random', 'all'))
            + count(distinct exam_id) filter (where sampled_how = 'targeted')
            + count(distinct exam_id) filter (where sampled_how = 'referred')
            + count(distinct exam_id) filter (where sampled_how is null) as count_records,
    from peer_review
    group by site_code
),

reports as (
    select
        site_code,
        sum(count_reviewed) as count_reports,
    from review_day
    group by site_code
)

select
    coalesce(records.site_code, reports.site_code) as site_code,
    records.count_records,
    reports.count_reports,
from records
full join reports on records.site_code is not distinct from reports.site_code
where records.count_records is distinct from reports.count_reports
