"""Answers drawn: `Answer -> plotly Figure`, one message a chart. Nothing here knows of streamlit; a page and an export draw the same."""

from readout.charts.between_sites import between_reporters, odds_between, share_between
from readout.charts.bridge import bridge
from readout.charts.case_mix import against_case_mix, best_estimates
from readout.charts.compare import dumbbell, heat_map, intervals, stacked
from readout.charts.control import spc_chart
from readout.charts.icons import assurance_icon, assurance_of, data_uri, sparkline, variation_icon
from readout.charts.ranked import among
from readout.charts.reporters import funnel
from readout.charts.theme import DARK, LIGHT, PALETTES, Palette
from readout.charts.trend import Flag, paired, panels, quantiles, stock, trend
from readout.charts.turnaround import bars, bounded, survival, with_naive
from readout.charts.words import alternative

__all__ = [
    "DARK",
    "LIGHT",
    "PALETTES",
    "Flag",
    "Palette",
    "against_case_mix",
    "alternative",
    "among",
    "assurance_icon",
    "assurance_of",
    "bars",
    "best_estimates",
    "between_reporters",
    "bounded",
    "bridge",
    "data_uri",
    "dumbbell",
    "funnel",
    "heat_map",
    "intervals",
    "odds_between",
    "paired",
    "panels",
    "quantiles",
    "share_between",
    "sparkline",
    "spc_chart",
    "stacked",
    "stock",
    "survival",
    "trend",
    "variation_icon",
    "with_naive",
]
