"""The benchmark of releases finds a count where nothing is withheld beside it, and none in rounded tables under the rule."""

from benchmarks import disclosure
from readout.stats.disclosure import SHOWN, SMALL, is_small


def test_the_attack_finds_what_is_withheld_alone_and_nothing_under_the_rule(monkeypatch):
    made = disclosure.tables(20) + disclosure.tables(8, "larger")
    assert not any(disclosure.recovered(cells, 5) for cells in made)

    def alone(keys, columns, *, least, **_):
        return {c: [SMALL if is_small(v, least) else SHOWN for v in values] for c, values in columns.items()}

    monkeypatch.setattr(disclosure, "protect", alone)
    assert sum(disclosure.recovered(cells, 0) > 0 for cells in made) > 14
