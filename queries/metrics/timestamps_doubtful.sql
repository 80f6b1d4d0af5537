-- Checks of the two times of a turnaround, and how many of them raise a doubt. Each report is checked once a test, so of several tests
-- together a report counts once for each. Verification in bulk can be looked for only where the reporter is known.
-- grain: one row a combination of the dimensions in $by
-- reads: timestamp_day
-- params: by varchar[], months date[], trusts varchar[], sites varchar[], modalities varchar[], time_tests varchar[], date_from date, date_to date
-- returns: month date, trust_code varchar, site_code varchar, modality varchar, time_test varchar,
--   count_doubtful hugeint people, count_checked hugeint people
with chosen as (
    select
        shown($by::varchar[], 'month', report_month) as month,
        shown($by::varchar[], 'trust_code', trust_code) as trust_code,
        shown($by::varchar[], 'site_code', site_code) as site_code,
        shown($by::varchar[], 'modality', modality) as modality,
        sum(count_reports) as count_reports,
        sum(count_named) as count_named,
        sum(count_exam_rounded) as count_exam_rounded,
        sum(count_report_rounded) as count_report_rounded,
        sum(count_midnight) as count_midnight,
        sum(count_bulk) as count_bulk,
        sum(count_early) as count_early,
    from timestamp_day
    where
        picked($months::date[], report_month)
        and picked($trusts::varchar[], trust_code)
        and picked($sites::varchar[], site_code)
        and picked($modalities::varchar[], modality)
        and dated($date_from::date, $date_to::date, report_date)
    group by all
),

checked as (
    select
        month,
        trust_code,
        site_code,
        modality,
        unnest([
            { 'time_test': 'exam_rounded', 'count_doubtful': count_exam_rounded, 'count_checked': count_reports },
            { 'time_test': 'report_rounded', 'count_doubtful': count_report_rounded, 'count_checked': count_reports },
            { 'time_test': 'midnight', 'count_doubtful': count_midnight, 'count_checked': count_reports },
            { 'time_test': 'bulk', 'count_doubtful': count_bulk, 'count_checked': count_named },
            { 'time_test': 'early', 'count_doubtful': count_early, 'count_checked': count_reports }
        ], recursive := true),
    from chosen
)

select
    month,
    trust_code,
    site_code,
    modality,
    shown($by::varchar[], 'time_test', time_test) as time_test,
    sum(count_doubtful) as count_doubtful,
    sum(count_checked) as count_checked,
from checked
where picked($time_tests::varchar[], time_test)
group by all
