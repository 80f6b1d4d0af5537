"""What the manifest says of data quality, as rows that a page shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from readout.engine.extract import Extract
from readout.metrics import format as fmt
from readout.metrics.answer import Answer
from readout.metrics.catalogue import load_catalogue
from readout.schema import NOT_READ

APART = ("excluded", "dropped", "quarantined")
NOTICES = {  # what a publish points out, by its kind in the manifest
    "accepted": "Published with its quarantine",
    "much": "Much quarantined",
    "order": "Order of versions unknown",
    "unread": "Cannot be read",
    "format": "Date format",
    "midnight": "Midnight",
    "placeholder": "Placeholder date",
    "status": "Status and times disagree",
    "gap": "Month missing",
    "zone": "Time zone",
    "clock": "Twelve-hour clock",
    "empty": "Empty column",
    "unused": "Not used",
}
DECISIONS = {"date": "a date without a time", "time": "a time"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Quality:
    """One extract's account of its records: read = kept + duplicates + superseded + excluded + dropped + quarantined."""

    extract: Extract

    @cached_property
    def sources(self) -> list[Mapping[str, Any]]:
        return list(self.extract.manifest.get("sources") or [])

    def total(self, what: str) -> int:
        """Records of every source that were read, kept, quarantined and so on."""
        return sum(_count(s["records"][what]) for s in self.sources)

    @property
    def adds_up(self) -> bool:
        return all(r["read"] == sum(_count(r[k]) for k in ("kept", "duplicates", "superseded", *APART)) for r in (s["records"] for s in self.sources))

    @property
    def count_unknown(self) -> int:
        return sum(c["count"] for s in self.sources for c in s["unknown_codes"])

    def finding(self) -> str:
        """What happened to every record, and whether the sums hold."""
        read, kept = self.total("read"), self.total("kept")
        said = f"{fmt.count(kept)} of {fmt.count(read)} records were kept"
        parts = [f"{fmt.count(self.total(k))} {name}" for k, name in (("quarantined", "quarantined"), ("excluded", "excluded on purpose")) if self.total(k)]
        rest = self.total("duplicates") + self.total("superseded") + self.total("dropped")
        parts += [f"{fmt.count(rest)} repeated, replaced or not data"] if rest else []
        said += f"; {fmt.listed(parts)}." if parts else "."
        said += " Every record is accounted for." if self.adds_up else " The counts do not add up: publish again, and tell whoever looks after the extract."
        failed = [c for c in self.extract.manifest.get("checks") or [] if not c["passed"]]
        return said + (f" {len(failed)} of the extract's checks failed." if failed else " All checks of the extract passed.")

    def accounting(self) -> list[Row]:
        """Records of each source, and all together."""
        rows = []
        for s in self.sources:
            r = s["records"]
            rows.append({"Source": s["name"], "Read": r["read"], "Kept": r["kept"]} | {_title(k): _count(r[k]) for k in ("duplicates", "superseded", *APART)})
        totals = {k: sum(row[k] for row in rows) for k in rows[0] if k != "Source"} if rows else {}
        return [*rows, {"Source": "All sources", **totals}] if rows else []

    def files(self) -> list[Row]:
        """Every file that a source's path matched, read or not, and what became of it."""
        rows: list[Row] = []
        for s in self.sources:
            rows += [
                {"Source": s["name"], "File": f["name"], "Records": f["read"], "Bytes": f["bytes"], "Outcome": "unchanged, read before" if f["reused"] else "read"}
                for f in s["files"]
            ]
            rows += [
                {"Source": s["name"], "File": f["name"], "Records": None, "Bytes": f["bytes"], "Outcome": f"not read: {NOT_READ.get(f['reason'], f['reason'])}"}
                for f in s.get("not_read") or []
            ]
        return rows

    def by_source(self) -> list[Row]:
        """Rules that found something, by source, the most frequent first."""
        found: dict[str, dict[str, int]] = {}
        for s in self.sources:
            r = s["records"]
            counts = {"order_unknown": s.get("order_unknown", 0), **{k: r[k] for k in ("duplicates", "superseded")}}
            parts = [s["flags"], s.get("notes") or {}, counts, *(r[k] for k in APART)]
            for part in parts:
                for rule, count in part.items():
                    if count:
                        found.setdefault(rule, {})
                        found[rule][s["name"]] = found[rule].get(s["name"], 0) + count
        rows = [
            {"Rule": rule_label(rule), "Outcome": rule_outcome(rule), "All": sum(counts.values())} | {s["name"]: counts.get(s["name"], 0) for s in self.sources}
            for rule, counts in found.items()
        ]
        return sorted(rows, key=lambda row: (-row["All"], row["Rule"]))

    def quarantine(self) -> list[Row]:
        """Records kept apart, by reason and source."""
        names = [s["name"] for s in self.sources if s["records"]["quarantined"]]
        reasons: dict[str, dict[str, int]] = {}
        for s in self.sources:
            for reason, count in s["records"]["quarantined"].items():
                reasons.setdefault(reason, {})[s["name"]] = count
        rows = [
            {"Reason": rule_label(reason), "All": sum(counts.values())} | {n: counts.get(n, 0) for n in names} | {"What to do": rule_about(reason)}
            for reason, counts in reasons.items()
        ]
        return sorted(rows, key=lambda row: -row["All"])

    def unknown_codes(self) -> list[Row]:
        """Codes that no map knows, most frequent first."""
        rows = [
            {"Source": s["name"], "Column": c["column"].replace("_", " "), "Code as sent": c["value"], "Records": c["count"]}
            for s in self.sources
            for c in s["unknown_codes"]
        ]
        return sorted(rows, key=lambda row: -row["Records"])

    def notices(self) -> list[Row]:
        """What the publish pointed out: what may decide a figure and is in no count."""
        return [
            {"Source": n["source"] or "Network file", "About": NOTICES[n["kind"]], "What was found": n["text"]}
            for n in self.extract.manifest.get("notices") or []
        ]

    def columns(self) -> list[Row]:
        """Each mapped column's shares of its records, the one with most that could not be read or mapped first."""
        rows = []
        for s in self.sources:
            for c in s.get("columns") or []:
                filled = c["rows"] - c["empty"] - c["missing"]
                lost = c["unreadable"] + c["unknown"]
                row = {
                    "Source": s["name"],
                    "Column": c["source_column"],
                    "Read as": c["column"].replace("_", " "),
                    "Records": c["rows"],
                    "Empty": fmt.percent((c["empty"] + c["missing"]) / c["rows"]) if c["rows"] else fmt.DASH,
                    "Unreadable": fmt.percent(c["unreadable"] / filled) if filled else fmt.DASH,
                    "Unknown code": fmt.percent(c["unknown"] / filled) if filled else fmt.DASH,
                    "At 00:00": fmt.percent(c["midnight"] / c["times"]) if c.get("times") else fmt.DASH,
                }
                rows.append((lost / filled if filled else 0, (c["empty"] + c["missing"]) / max(1, c["rows"]), row))
        return [row for _, _, row in sorted(rows, key=lambda r: (-r[0], -r[1]))]

    def decisions(self) -> list[Row]:
        """How columns of times are read where that had to be decided, and why."""
        return [
            {
                "Source": s["name"],
                "Column": j["source_column"],
                "Question": "What is 00:00?" if j["question"] == "midnight" else "Which date format?",
                "Decision": DECISIONS.get(j["decision"], j["decision"]),
                "Values": j["count"],
                "Share": fmt.percent(j["count"] / j["of"]) if j["of"] else fmt.DASH,
                "Why": j["reason"],
            }
            for s in self.sources
            for j in s.get("judgements") or []
        ]

    def through(self) -> list[Row]:
        """How far each site's data goes."""
        sites = {s["site_code"]: s for s in self.extract.manifest["sites"]}
        return [
            {
                "Site": sites[code]["site_name"],
                "Trust": sites[code]["trust_name"],
                "Data to": fmt.instant(at, sites[code]["time_zone"]),
                "Usual lag": f"{sites[code]['usual_lag_days']} days",
            }
            for code, at in self.extract.data_through.items()
        ]

    def checks(self) -> list[Row]:
        """Checks that ran when the extract was published; a check counts the rows that offend."""
        return [
            {"Check": c.get("about") or c["name"], "Result": "passed" if c["passed"] else "FAILED", "Rows": c["rows"]} for c in self.extract.manifest.get("checks") or []
        ]


def by_site(answer: Answer) -> list[Row]:
    """Flagged rows by rule and site, the most frequent rule first, from the answer by rule and site."""
    sites = sorted({r["site_code"] for r in answer.rows}, key=lambda s: answer.label("site_code", s))
    counts = {(r["rule"], r["site_code"]): r["numerator"] for r in answer.rows}
    rules = {r["rule"] for r in answer.rows}
    rows = [
        {"Rule": rule_label(rule), "All": sum(counts.get((rule, s), 0) for s in sites)} | {answer.label("site_code", s): counts.get((rule, s), 0) for s in sites}
        for rule in rules
    ]
    return sorted(rows, key=lambda row: (-row["All"], row["Rule"]))


def rule_label(rule: str) -> str:
    return str(load_catalogue().rules.get(rule, {}).get("label", rule.replace("_", " ").capitalize()))


def rule_outcome(rule: str) -> str:
    return str(load_catalogue().rules.get(rule, {}).get("outcome", ""))


def rule_about(rule: str) -> str:
    return str(load_catalogue().rules.get(rule, {}).get("about", ""))


def _title(name: str) -> str:
    return name.capitalize()


def _count(value: Any) -> int:
    return sum(value.values()) if isinstance(value, Mapping) else int(value)
