"""What the manifest says of data quality, as rows that a page shows."""

from typing import Any

from readout import format as fmt
from readout.catalogue import load_catalogue
from readout.extract import Extract

OUTCOMES = ("excluded", "dropped", "quarantined")


def accounting(extract: Extract) -> list[dict[str, Any]]:
    """Records of each source: read = kept + duplicates + superseded + excluded + dropped + quarantined."""
    rows = []
    for source in extract.manifest["sources"]:
        r = source["records"]
        sums = {k.capitalize(): fmt.count(sum(r[k].values())) for k in OUTCOMES}
        plain = {k.capitalize(): fmt.count(r[k]) for k in ("read", "kept", "duplicates", "superseded")}
        rows.append({"Source": source["name"], "Adapter": source["adapter"], "Files": str(len(source["files"])), **plain, **sums})
    return rows


def outcomes(extract: Extract) -> list[dict[str, Any]]:
    """Every rule of the catalogue with what it found, by source; a rule that found nothing says 0."""
    rules = load_catalogue().rules
    sources = extract.manifest["sources"]
    found: dict[str, dict[str, int]] = {rule: {} for rule in rules}
    for s in sources:
        r = s["records"]
        parts = [s["flags"], s["notes"], {"duplicates": r["duplicates"], "superseded": r["superseded"]}, *(r[k] for k in OUTCOMES)]
        for part in parts:
            for rule, count in part.items():
                found.setdefault(rule, {})[s["name"]] = found.get(rule, {}).get(s["name"], 0) + count
    return [
        {
            "Rule": rules.get(rule, {}).get("label", rule),
            "Outcome": rules.get(rule, {}).get("outcome", ""),
            "Total": sum(counts.values()),
            **{s["name"]: counts.get(s["name"], 0) for s in sources},
            "What happens": rules.get(rule, {}).get("about", ""),
        }
        for rule, counts in found.items()
    ]


def unknown_codes(extract: Extract) -> list[dict[str, Any]]:
    """Codes that no map knows, most frequent first."""
    rows = [
        {"Source": s["name"], "Column": c["column"], "Value": c["value"], "Records": c["count"]}
        for s in extract.manifest["sources"]
        for c in s["unknown_codes"]
    ]
    return sorted(rows, key=lambda r: -r["Records"])


def through(extract: Extract) -> list[dict[str, Any]]:
    """How far each site's data goes."""
    sites = {s["site_code"]: s for s in extract.manifest["sites"]}
    return [
        {
            "Site": sites[code]["site_name"],
            "Data to": fmt.instant(at, sites[code]["time_zone"]),
            "Usual lag": f"{sites[code]['usual_lag_days']} days",
        }
        for code, at in extract.data_through.items()
    ]
