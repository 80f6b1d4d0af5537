"""What a publish has gathered so far: the value that its steps fill and its manifest is written from."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from readout.ingest.decisions import Decision, Judgements
from readout.ingest.national import National
from readout.ingest.network import Network, Source
from readout.ingest.reading import Reject
from readout.ingest.staging import Staged
from readout.ingest.survey import Survey


@dataclass
class Build:
    """One publish under way, in `folder` beside the live extract."""

    network: Network
    folder: Path
    now: datetime
    accepted: frozenset[str] = frozenset()  # sources that may go live however much of them is quarantined
    surveyed: dict[str, Survey] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    judgements: dict[str, Judgements] = field(default_factory=dict)
    staged: dict[str, list[Staged]] = field(default_factory=dict)
    unordered: Counter[str] = field(default_factory=Counter)  # by source, records that another replaced though neither is known to be newer
    gaps: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by source, months between its first and last that hold (nearly) nothing
    clock_changes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by source, the time of day either side of each change of the clocks
    fates: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    clashes: dict[str, list[tuple[Path, Reject]]] = field(default_factory=lambda: defaultdict(list))
    data_through: dict[str, datetime] = field(default_factory=dict)
    waits: National | None = None
    not_read: dict[str, list[tuple[Path, str]]] = field(default_factory=dict)  # files found and left alone, with the reason, by source
    suppliers: list[str] = field(default_factory=list)  # organisations that reported for others, by the code in the exports
    checks: list[dict[str, Any]] = field(default_factory=list)
    flags: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def tables(self) -> Path:
        return self.folder / "tables"

    def exam_sources(self) -> list[Source]:
        return [s for s in self.network.sources if s.table == "exam"]

    def review_sources(self) -> list[Source]:
        return [s for s in self.network.sources if s.table == "peer_review"]
