-- Reports that recommend further imaging, where the RIS says so, the latest first, a page of them. Their dates are of the first verification.
-- Who reported is a filter by route and role and no column; a reporter is neither.
-- grain: one row an examination
-- reads: exam
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], routes varchar[], readers varchar[], suppliers varchar[],
--   date_from date, date_to date, max_rows integer, skipped_rows integer
-- returns: exam_id bigint, site_code varchar, modality varchar, exam_name varchar, patient_class varchar, urgency varchar,
--   pathway varchar, reporting_route varchar, exam_local timestamp, reported_date date, count_all bigint
with listed as (
    select *
    from exam
    where
        status = 'completed'
        and is_reported
        and not is_overwritten
        and is_follow_up_recommended
        and (array_length($months::date[]) = 0 or list_contains($months::date[], date_trunc('month', reported_date)::date))
        and ($date_from::date is null or reported_date >= $date_from::date)
        and ($date_to::date is null or reported_date <= $date_to::date)
        and (array_length($trusts::varchar[]) = 0 or list_contains($trusts::varchar[], trust_code))
        and (array_length($sites::varchar[]) = 0 or list_contains($sites::varchar[], site_code))
        and (array_length($modalities::varchar[]) = 0 or list_contains($modalities::varchar[], modality))
        and (array_length($patient_classes::varchar[]) = 0 or list_contains($patient_classes::varchar[], patient_class))
        and (array_length($urgencies::varchar[]) = 0 or list_contains($urgencies::varchar[], urgency))
        and (array_length($pathways::varchar[]) = 0 or list_contains($pathways::varchar[], pathway))
        and (array_length($routes::varchar[]) = 0 or list_contains($routes::varchar[], reporting_route))
        and (array_length($readers::varchar[]) = 0 or list_contains($readers::varchar[], reader))
        and (array_length($suppliers::varchar[]) = 0 or list_contains($suppliers::varchar[], supplier))
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
    totals.count_all,
from listed
cross join totals
order by reported_date desc, exam_id
limit $max_rows::integer
offset $skipped_rows::integer
