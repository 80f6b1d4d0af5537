"""A synthetic imaging network: raw exports of six fictional RISs with every fault real exports contain. Nothing here is real."""

from readout.sample.exports import Truth, write_sample

__all__ = ["Truth", "write_sample"]
