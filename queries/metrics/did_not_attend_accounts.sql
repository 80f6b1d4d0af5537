-- Booked appointments that were attended or missed, and those left out of the rate.
-- grain: one row a reason; counted is what the figure stands on
-- reads: booking_day
-- params: months date[], trusts varchar[], sites varchar[], modalities varchar[], patient_classes varchar[],
--   urgencies varchar[], pathways varchar[], date_from date, date_to date
-- returns: reason varchar, count_requests hugeint people
select
    case
        when outcome_date is null then 'no_end_time'
        when patient_class in ('03', '04') then 'counted'
        else 'not_outpatient'
    end as reason,
    sum(count_requests) as count_requests,
from booking_day
where
    outcome in ('attended', 'did_not_attend')
    and picked($months::date[], account_month)
    and dated($date_from::date, $date_to::date, account_date)
    and picked($trusts::varchar[], trust_code)
    and picked($sites::varchar[], site_code)
    and picked($modalities::varchar[], modality)
    and picked($patient_classes::varchar[], patient_class)
    and picked($urgencies::varchar[], urgency)
    and picked($pathways::varchar[], pathway)
group by all
