"""How often a unit is called the most though all are equal, and how often it is where one truly is: `readout.stats.extremes` on seeded counts.

python -m benchmarks.extremes [--series N]      # 2,000 of each unless told: some seconds
"""

import argparse

import numpy as np

from readout.stats.extremes import CHANCE, largest_count, stands_out

SEED, SERIES = 2026, 2_000
CASES = ((3, 15, 0.1), (4, 40, 0.1), (5, 130, 0.08), (5, 600, 0.02), (8, 40, 0.3), (12, 200, 0.1))
FACTORS = (1.5, 2.0, 3.0)


def called(units: int, size: int, rate: float, factor: float, series: int) -> tuple[float, float]:
    """The share of comparisons in which a unit is called the most, and in which it is the one whose rate is `factor` times the others'."""
    rng = np.random.default_rng([SEED, units, size, round(1_000 * rate), round(10 * factor)])
    sizes = [size] * units
    rates = np.array([min(1.0, rate * factor), *[rate] * (units - 1)])
    found = [stands_out(rng.binomial(sizes, rates).tolist(), sizes) for _ in range(series)]
    return sum(f is not None for f in found) / series, sum(f == 0 for f in found) / series


def holds_most(units: int, mean: float, factor: float, series: int) -> float:
    """The share of stocks in which one unit is said to hold most."""
    rng = np.random.default_rng([SEED, units, round(mean), round(10 * factor)])
    means = [mean * factor, *[mean] * (units - 1)]
    return sum(largest_count(rng.poisson(means).tolist()) for _ in range(series)) / series


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=SERIES)
    series = parser.parse_args().series
    print(f"A unit is called the most, % of {series} comparisons: all equal (at most {CHANCE:.0%} is said), and one worse by a factor")
    for units, size, rate in CASES:
        null, _ = called(units, size, rate, 1.0, series)
        seen = "  ".join(f"x{f:g} {called(units, size, rate, f, series)[1]:5.0%}" for f in FACTORS)
        print(f"  {units:2} units of {size:3}, rate {rate:4.0%}: equal {null:5.1%}   {seen}")
    print("A unit is said to hold most of a stock")
    for units, mean in ((2, 10), (5, 10), (6, 40)):
        print(f"  {units} units of about {mean}: equal {holds_most(units, mean, 1.0, series):5.1%}   x2 {holds_most(units, mean, 2.0, series):5.0%}")


if __name__ == "__main__":
    main()
