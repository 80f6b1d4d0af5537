"""Text records to typed peer reviews. Who reviewed is never read; the examination is known by the key that table exam gives it."""

import polars as pl

from readout.ingest.typed import Tally, Typer, Work

# Columns of staged reviews, so that an export without any is a table without rows.
STAGED: dict[str, pl.DataType] = {
    **dict.fromkeys(("ris_code", "accession", "exam_seq", "grade", "reviewer_route", "sampled_how"), pl.String()),
    **dict.fromkeys(("exam_id", "review_id", "record"), pl.Int64()),
    **dict.fromkeys(("reviewed_at", "latest_at"), pl.Datetime("us", "UTC")),
    "reviewed_at_local": pl.Datetime("us"),
    "dq_flags": pl.List(pl.String),
}


class ReviewTyper(Typer):
    """Peer reviews. A review knows no site before its examination is found: its times are on the adapter's clock, its day on the network's."""

    def _fill(self, work: Work, columns: dict[str, pl.Series], tally: Tally) -> None:
        for name, column in self.inputs.items():
            if column.type == "code" and column.sensitivity != "never":
                columns[name] = self._code(work, column, tally)
        if self.source.ris_code:
            columns["ris_code"] = columns["ris_code"].fill_null(self.source.ris_code)
        ris = columns["ris_code"]
        work.fault("ris_code", "no_ris", ris.is_null())
        work.fault("ris_code", "unmapped_ris", ris.is_not_null() & ~ris.is_in(sorted(self.network.ris_codes)))
        columns["exam_id"] = self._exam_id(work, columns)
        columns["review_id"] = self._review_id(work, columns)
        parsed = self._instant(work, "reviewed_at", *self._zones(columns), tally)
        columns["reviewed_at"], columns["reviewed_at_local"] = parsed.utc, parsed.local
        work.flag("no_review_date", work.text["reviewed_at"].is_null())
        work.flag("no_grade", work.text["grade"].is_null())

    def _review_id(self, work: Work, columns: dict[str, pl.Series]) -> pl.Series:
        """The key of a review: its number in its source; a review without a number is the same as another only when all of it is."""
        said = [columns["ris_code"], *(work.text[c] for c in ("accession", "exam_seq", "reviewed_at", "grade", "reviewer_route", "sampled_how"))]
        whole = pl.DataFrame({"number": work.text["review_no"]} | {str(i): s.fill_null("") for i, s in enumerate(said)})
        numbered = pl.concat_str(pl.lit("review number"), pl.lit(self.source.name), "number", separator="\x1f")
        unnumbered = pl.concat_str(pl.lit("review"), pl.exclude("number"), separator="\x1f")
        return self.pseudonyms.series(whole.select(pl.coalesce(numbered, unnumbered)).to_series())

    def _zones(self, columns: dict[str, pl.Series]) -> tuple[pl.Series, pl.Series]:
        own = pl.Series([self.network.time_zone]).new_from_index(0, len(columns["accession"]))
        written = self.adapter.file.time_zone
        return (pl.Series([written]).new_from_index(0, len(own)) if written else own), own
