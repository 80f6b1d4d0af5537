-- Examinations without a verified report at the end of the last day in range, and those left out of the figure. $counts: required,
-- those that need a report; delegated, those that by policy need none.
-- grain: one row a reason; counted is what the figure stands on
-- reads: unreported_span, site
-- params: counts varchar, trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[], urgencies varchar[],
--   pathways varchar[], routes varchar[], bands varchar[], places varchar[], until_date date
-- returns: reason varchar, count_exams hugeint people
with standing as (
    select
        least($until_date::date, site.data_through_date) as as_of_date,
        (least($until_date::date, site.data_through_date) - unreported_span.exam_date)::integer as age_days,
        case when $until_date::date >= site.data_through_date then unreported_span.reporting_route end as known_route,
        unreported_span.*,
    from unreported_span
    inner join site on unreported_span.site_code = site.site_code
    where
        unreported_span.from_date <= $until_date::date
        and unreported_span.gone_date > $until_date::date
),

placed as (
    select
        *,
        case
            when age_days is null then null
            when age_days <= 2 then '1 0 to 2 days'
            when age_days <= 7 then '2 3 to 7 days'
            when age_days <= 14 then '3 8 to 14 days'
            when age_days <= 28 then '4 15 to 28 days'
            else '5 over 28 days'
        end as band,
        case
            when known_route = 'outsourced' then 'supplier'
            when preliminary_date <= as_of_date then 'preliminary'
            when assigned_date <= as_of_date then 'assigned'
            when is_assignment_recorded then 'unallocated'
            else 'not_recorded'
        end as place,
    from standing
)

select
    case
        when not is_required and $counts::varchar = 'required' then 'report_not_required'
        when exam_date is null then 'no_exam_time'
        when filtered($routes::varchar[]) and known_route is null then 'route_not_known_yet'
        else 'counted'
    end as reason,
    sum(count_exams) as count_exams,
from placed
where
    ($counts::varchar = 'required' or not is_required)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and (known_route is null or picked($routes::varchar[], known_route))
    and picked($bands::varchar[], band)
    and picked($places::varchar[], place)
group by all
