"""The last guard: nothing that looks like an NHS number, a birth date or a postcode may enter an extract."""

import re

import polars as pl

from readout.errors import IdentifierError

NHS_SPACED = r"(?:^|\D)(\d{3}[ -]\d{3}[ -]\d{4})(?:\D|$)"
NHS_PLAIN = r"(?:^|\D)(\d{10})(?:\D|$)"
POSTCODE = r"(?i)(?:^|[^A-Z0-9])[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}(?:[^A-Z0-9]|$)"
POSTCODE_WHOLE = r"(?i)^[A-Z]{1,2}\d[A-Z\d]?\d[ABD-HJLNP-UW-Z]{2}$"
DATE = r"(?:^|\D)(?:(?:0?[1-9]|[12]\d|3[01])[/.-](?:0?[1-9]|1[0-2])[/.-](?:19|20)\d\d|(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?:\D|$)"
DATE_WHOLE = r"^(?:(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-2])(?:19|20)\d\d)$"


def is_nhs_number(text: str) -> bool:
    """True for ten digits whose check digit fits (modulus 11)."""
    digits = re.sub(r"\D", "", text)
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    check = 11 - sum(int(d) * (10 - i) for i, d in enumerate(digits[:9])) % 11
    return check != 10 and check % 11 == int(digits[9])


def looks_like(values: pl.Series) -> str | None:
    """What a column's different values look like, or none.

    One value is enough where the shape cannot be chance (a spaced number that checks, a postcode, a written date).
    Plain ten digits check by chance once in eleven, so there a column is judged by its share.
    """
    values = values.drop_nulls().unique()
    if values.is_empty():
        return None
    spaced = values.str.extract(NHS_SPACED).drop_nulls()
    if any(is_nhs_number(v) for v in spaced):
        return "NHS numbers"
    plain = values.str.extract(NHS_PLAIN).drop_nulls().head(20_000)
    if len(plain) and sum(is_nhs_number(v) for v in plain) > len(plain) / 3:
        return "NHS numbers"
    if values.str.contains(POSTCODE).any() or values.str.contains(POSTCODE_WHOLE).sum() * 2 > len(values):
        return "postcodes"
    if values.str.contains(DATE).any() or values.str.contains(DATE_WHOLE).sum() * 2 > len(values):
        return "birth dates"
    return None


def refuse_identifiers(table: str, columns: dict[str, pl.Series]) -> None:
    """Raise for the first text column that holds identifiers. The values are not repeated in the message."""
    for name, values in columns.items():
        found = looks_like(values)
        if found:
            raise IdentifierError(
                f"Column '{name}' of '{table}' holds values that look like {found}, so nothing was published. "
                f"Map another source column to '{name}' in the adapter, or leave it out."
            )
