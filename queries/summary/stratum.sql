-- The strata of case mix that occur, each with the path of every coarser one that it lies in: what is sparse joins those.
-- grain: one row a modality x body region x patient class x urgency x hour band x weekend
-- reads: exam
-- params: none
-- returns: stratum_id integer, modality varchar, body_region varchar, patient_class varchar, urgency varchar, hour_band varchar,
--   is_weekend boolean, path_1 varchar, path_2 varchar, path_3 varchar, path_4 varchar, path_5 varchar, path_6 varchar
with parts as (
    select distinct
        modality,
        body_region,
        patient_class,
        urgency,
        hour_band,
        is_weekend,
        coalesce(modality, '?') as path_1,
        coalesce(body_region, '?') as p_2,
        coalesce(patient_class, '?') as p_3,
        coalesce(urgency, '?') as p_4,
        coalesce(hour_band, '?') as p_5,
        coalesce(is_weekend::varchar, '?') as p_6,
    from exam
    where status = 'completed' or is_reported
)

select
    row_number() over (order by path_1, p_2, p_3, p_4, p_5, p_6)::integer as stratum_id,
    modality,
    body_region,
    patient_class,
    urgency,
    hour_band,
    is_weekend,
    path_1,
    concat_ws('|', path_1, p_2) as path_2,
    concat_ws('|', path_1, p_2, p_3) as path_3,
    concat_ws('|', path_1, p_2, p_3, p_4) as path_4,
    concat_ws('|', path_1, p_2, p_3, p_4, p_5) as path_5,
    concat_ws('|', path_1, p_2, p_3, p_4, p_5, p_6) as path_6,
from parts
order by stratum_id
