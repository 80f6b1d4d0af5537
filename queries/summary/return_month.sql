-- What can be set beside the national return: for each trust, month and test whether the extract holds the whole month, and what was
-- published, first and last. A month is whole when the data of every site of the trust reaches three days past its end, and past the
-- usual lag of its source, and when it is covered from its first day. The first publication is the earliest that holds the trust and the test.
-- grain: one row a trust x month that is over x test of dm01_scope
-- reads: site, site_period, calendar, exam, dm01_scope, national_wait, national_current
-- params: none
-- returns: month date, month_end date, trust_code varchar, test varchar, state varchar, site_codes varchar[], count_waiting_first bigint,
--   count_waiting_last bigint, count_waiting_list_first bigint, count_waiting_list_last bigint, count_planned_first bigint,
--   count_planned_last bigint, count_unscheduled_first bigint, count_unscheduled_last bigint, vintage varchar
with begun as (
    select
        trust_code,
        min(exam_date) as first_date,
    from exam
    where status = 'completed'
    group by trust_code
),

months as (
    select
        calendar.month,
        site_period.trust_code,
        max(calendar.date) as month_end,
        list_sort(list(distinct site_period.site_code)) as site_codes,
        bool_and(coalesce(site.data_through_date >= last_day(calendar.month) + greatest(3, site.usual_lag_days::integer), false))
        and bool_and(coalesce(site.covers_from, date '1900-01-01') <= calendar.month)
        and coalesce(min(begun.first_date) < calendar.month + 7, false) as is_whole,
    from site_period
    inner join site on site_period.site_code = site.site_code
    inner join calendar
        on site.nation = calendar.nation
        and site_period.valid_from <= calendar.date
        and site_period.valid_to > calendar.date
    left join begun on site_period.trust_code = begun.trust_code
    group by calendar.month, site_period.trust_code
),

firsts as (
    select *
    from national_wait
    qualify row_number() over (
        partition by month_end, provider_code, test
        order by
            case when vintage like '20__-__-__' then 1 else 0 end,
            vintage,
            count_waiting desc
    ) = 1
),

tests as (
    select distinct stands_beside as test
    from dm01_scope
),

ends as (
    select max(data_through_date) as last_date
    from site
),

published as (
    select distinct month
    from national_current
)

select
    months.month,
    months.month_end,
    months.trust_code,
    tests.test,
    case
        when published.month is null then 'month_not_published'
        when national_current.provider_code is null then 'not_in_return'
        when not months.is_whole then 'month_not_whole'
        else 'counted'
    end as state,
    months.site_codes,
    firsts.count_waiting as count_waiting_first,
    national_current.count_waiting as count_waiting_last,
    firsts.count_waiting_list_activity as count_waiting_list_first,
    national_current.count_waiting_list_activity as count_waiting_list_last,
    firsts.count_planned_activity as count_planned_first,
    national_current.count_planned_activity as count_planned_last,
    firsts.count_unscheduled_activity as count_unscheduled_first,
    national_current.count_unscheduled_activity as count_unscheduled_last,
    national_current.vintage,
from months
cross join tests
inner join ends on months.month_end <= ends.last_date
left join published on months.month = published.month
left join national_current
    on months.month = national_current.month
    and months.trust_code = national_current.provider_code
    and tests.test = national_current.test
left join firsts
    on national_current.month_end = firsts.month_end
    and national_current.provider_code = firsts.provider_code
    and national_current.test = firsts.test
