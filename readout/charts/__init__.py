"""Answers drawn: `Answer -> plotly Figure`, one message a chart. Colours by meaning; provisional months hollow and labelled."""

from readout.charts.figures import alternative, distribution, dumbbell, heat_map, intervals, trend

__all__ = ["alternative", "distribution", "dumbbell", "heat_map", "intervals", "trend"]
