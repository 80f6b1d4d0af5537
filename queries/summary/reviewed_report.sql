-- Reviewed reports, with the day of their first review and the gravest grade that any of their reviews gave.
-- The unit is the report, not the review. Random samples and reviews of everything are one way of choosing: a report that both hit counts
-- once, under the way of its first review. Reports chosen for a reason, or referred, count apart from them, once each.
-- grain: one row an examination x way of choosing it
-- reads: peer_review
-- params: none
-- returns: exam_id bigint, review_date date, sampled_how varchar, gravity integer
with ways as (
    select
        exam_id,
        reviewed_date,
        case when sampled_how = 'all' then 'random' else sampled_how end as way,
        sampled_how,
        case grade when 'agree' then 0 when 'minor' then 1 when 'moderate' then 2 when 'major' then 3 end as gravity,
    from peer_review
)

select
    exam_id,
    min(reviewed_date) as review_date,
    first(sampled_how order by reviewed_date nulls last, sampled_how desc) as sampled_how,
    max(gravity) as gravity,
from ways
group by exam_id, way
