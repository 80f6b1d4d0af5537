"""Readout: the business-intelligence system of a radiology network."""

__version__ = "0.1.0"
