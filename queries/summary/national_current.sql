-- The national return as it now stands: of each month the rows of its latest publication, and of no other.
-- A publication is whole: one that leaves a provider out takes that provider out. Latest: a publication named by its date comes
-- after one named by its file, then the greater text. Should a publication hold a key twice, the longer list stands.
-- grain: one row a month_end, provider_code and test_id
-- reads: national_wait
-- params: none
-- returns: month date, month_end date, vintage varchar, provider_code varchar, region_code varchar, test_id bigint, test varchar,
--   weeks_00 bigint, weeks_01 bigint, weeks_02 bigint, weeks_03 bigint, weeks_04 bigint, weeks_05 bigint, weeks_06 bigint,
--   weeks_07 bigint, weeks_08 bigint, weeks_09 bigint, weeks_10 bigint, weeks_11 bigint, weeks_12 bigint, weeks_13_plus bigint,
--   count_waiting bigint, count_over_six_weeks bigint, count_over_thirteen_weeks bigint, count_waiting_list_activity bigint,
--   count_planned_activity bigint, count_unscheduled_activity bigint
with ranked as (
    select
        *,
        dense_rank() over (
            partition by month_end
            order by
                case when vintage like '20__-__-__' then 1 else 0 end desc,
                vintage desc
        ) as publication_rank,
        row_number() over (
            partition by month_end, vintage, provider_code, test_id
            order by
                count_waiting desc,
                count_waiting_list_activity + count_planned_activity + count_unscheduled_activity desc,
                count_waiting_list_activity desc,
                count_planned_activity desc,
                region_code asc
        ) as row_rank,
    from national_wait
)

select
    date_trunc('month', month_end)::date as month,
    month_end,
    vintage,
    provider_code,
    region_code,
    test_id,
    test,
    weeks_00,
    weeks_01,
    weeks_02,
    weeks_03,
    weeks_04,
    weeks_05,
    weeks_06,
    weeks_07,
    weeks_08,
    weeks_09,
    weeks_10,
    weeks_11,
    weeks_12,
    weeks_13_plus,
    count_waiting,
    weeks_06 + weeks_07 + weeks_08 + weeks_09 + weeks_10 + weeks_11 + weeks_12 + weeks_13_plus as count_over_six_weeks,
    weeks_13_plus as count_over_thirteen_weeks,
    count_waiting_list_activity,
    count_planned_activity,
    count_unscheduled_activity,
from ranked
where
    publication_rank = 1
    and row_rank = 1
