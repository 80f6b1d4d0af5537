-- What the reporting room did in a month: the times of the reports it verified then, whenever the examination was. It cannot see
-- what is still unreported, and clearing a backlog makes it look worse. quantile_disc is outside the portable subset.
-- grain: one row a combination of the dimensions in $by
-- reads: clocked
-- params: clock varchar, by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[],
--   patient_classes varchar[], urgencies varchar[], pathways varchar[], routes varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, patient_class varchar,
--   urgency varchar, pathway varchar, reporting_route varchar, count_exams bigint people,
--   count_unreported bigint people, median_hours double hours, p90_hours double hours, p95_hours double hours
select
    shown($by::varchar[], 'month', report_month) as month,
    shown($by::varchar[], 'trust_code', trust_code) as trust_code,
    shown($by::varchar[], 'site_code', site_code) as site_code,
    shown($by::varchar[], 'modality', modality) as modality,
    shown($by::varchar[], 'patient_class', patient_class) as patient_class,
    shown($by::varchar[], 'urgency', urgency) as urgency,
    shown($by::varchar[], 'pathway', pathway) as pathway,
    shown($by::varchar[], 'reporting_route', reporting_route) as reporting_route,
    count(*) as count_exams,
    0::bigint as count_unreported,
    quantile_disc(minutes, 0.5) / 60e0 as median_hours,
    quantile_disc(minutes, 0.9) / 60e0 as p90_hours,
    quantile_disc(minutes, 0.95) / 60e0 as p95_hours,
from clocked
where
    clock = $clock::varchar
    and state = 'counted'
    and is_ended
    and picked($months::date[], report_month)
    and dated($date_from::date, $date_to::date, report_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
    and picked($routes::varchar[], reporting_route)
group by all
