-- The reporting standard that applies to each kind of examination on each day: the most specific; then local before network before
-- national before illustrative; then the one that came into force last.
-- grain: one row an examination date x pathway x modality x patient class that has a standard
-- reads: exam, standard
-- params: none
-- returns: exam_date date, pathway varchar, modality varchar, patient_class varchar, standard_id varchar, unit varchar, threshold double
with kinds as (
    select distinct
        exam_date,
        pathway,
        modality,
        patient_class,
    from exam
    where exam_date is not null
)

select
    kinds.exam_date,
    kinds.pathway,
    kinds.modality,
    kinds.patient_class,
    standard.standard_id,
    standard.unit,
    standard.threshold,
from kinds
inner join standard
    on standard.measure = 'exam_to_report'
    and (standard.pathway = 'all' or standard.pathway = kinds.pathway)
    and (standard.modality is null or standard.modality = kinds.modality)
    and (standard.patient_class is null or standard.patient_class = kinds.patient_class)
    and kinds.exam_date >= standard.valid_from
    and kinds.exam_date <= standard.valid_to
qualify row_number() over (
    partition by kinds.exam_date, kinds.pathway, kinds.modality, kinds.patient_class
    order by standard.specificity desc, standard.precedence asc, standard.valid_from desc, standard.standard_id asc
) = 1
order by all
