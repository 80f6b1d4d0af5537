-- Examinations first verified a day, those old enough to be judged for addenda, those amended within 30 days, and those whose report
-- recommends further imaging, of those for which the RIS says whether it does.
-- An examination whose first verification was overwritten by an addendum has no known first verification: it is counted apart,
-- on the day of what overwrote it.
-- grain: one row a date of first verification x trust x site x modality x patient class x urgency x pathway x route x reader x supplier
-- reads: exam
-- params: none
-- returns: report_month date, report_date date, trust_code varchar, site_code varchar, modality varchar,
--   patient_class varchar, urgency varchar, pathway varchar, reporting_route varchar, reader varchar, supplier varchar,
--   count_reports bigint, count_mature bigint, count_amended bigint, count_clinical bigint, count_administrative bigint, count_overwritten bigint,
--   count_recorded bigint, count_recommending bigint
select
    date_trunc('month', reported_date)::date as report_month,
    reported_date as report_date,
    trust_code,
    site_code,
    modality,
    patient_class,
    urgency,
    pathway,
    reporting_route,
    reader,
    supplier,
    count(*) filter (where not is_overwritten) as count_reports,
    count(*) filter (where not is_overwritten and is_addendum_mature) as count_mature,
    count(*) filter (where not is_overwritten and is_addendum_mature and is_amended) as count_amended,
    count(*) filter (where not is_overwritten and is_addendum_mature and is_amended and addendum_class = 'clinical') as count_clinical,
    count(*) filter (where not is_overwritten and is_addendum_mature and is_amended and addendum_class = 'administrative') as count_administrative,
    count(*) filter (where is_overwritten) as count_overwritten,
    count(is_follow_up_recommended) filter (where not is_overwritten) as count_recorded,
    count(*) filter (where not is_overwritten and is_follow_up_recommended) as count_recommending,
from exam
where
    status = 'completed'
    and is_reported
group by all
order by all
