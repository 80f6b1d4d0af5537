-- Reports amended within 30 days of their first verification, among those old enough to judge, the latest first, a page of them. Their dates
-- are of the first verification. Who reported is a filter by route and role and no column; a reporter is neither.
-- grain: one row an examination
-- reads: exam
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[], addendum_classes varchar[],
--   date_from date, date_to date, max_rows integer, skipped_rows integer
-- returns: exam_id bigint, site_code varchar, modality varchar, exam_name varchar, patient_class varchar, urgency varchar,
--   pathway varchar, reporting_route varchar, exam_local timestamp, reported_date date, addendum_class varchar, addendum_days integer,
--   count_all bigint
with listed as (
    select
        *,
        floor((epoch(first_addendum_at) - epoch(first_verified_at)) / 86400)::integer as addendum_days,
    from exam
    where
        status = 'completed'
        and is_reported
        and not is_overwritten
        and is_addendum_mature
        and is_amended
        and picked($months::date[], date_trunc('month', reported_date)::date)
        and dated($date_from::date, $date_to::date, reported_date)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and picked($patient_classes::varchar[], patient_class)
        and picked($urgencies::varchar[], urgency)
        and picked($pathways::varchar[], pathway)
        and picked($routes::varchar[], reporting_route)
        and picked($readers::varchar[], reader)
        and picked($suppliers::varchar[], supplier)
        and picked($addendum_classes::varchar[], addendum_class)
),

totals as (
    select count(*) as count_all
    from listed
)

select
    exam_id,
    site_code,
    modality,
    exam_name,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    exam_local,
    reported_date,
    addendum_class,
    addendum_days,
    totals.count_all,
from listed
cross join totals
order by reported_date desc, exam_id
limit $max_rows::integer
offset $skipped_rows::integer
