"""The guard of commentary: sentences of a board pack held against the chart they stand beside, by the rules of `queries/claims.toml`."""

from readout.guard.check import Contradiction, check
from readout.guard.facts import Facts, Point, Unit, facts_of, marked

__all__ = ["Contradiction", "Facts", "Point", "Unit", "check", "facts_of", "marked"]
