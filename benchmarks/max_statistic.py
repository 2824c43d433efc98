"""How long the max-statistic test takes, as ratios measured in one run: `python benchmarks/max_statistic.py`.

Each figure is the median over rounds in which the test and what it is compared with take turns, so that other
work on the machine meets both; times are those of the processor, on one thread. The last column says what
DESIGN.md asks for ("-": nothing). `--quick` takes fewer rounds and leaves SciPy's slowest case out.

The test screens in float32 and settles in float64. The rate it is held against is that of the machine's
products of 1,200 x 1,200 matrices in float64, in which all its results are exact; the share of the rate in
float32, twice as high, stands beside it. The bare product is in float64, once into one large array, as one
would write it, and once in blocks that stay in a core's cache.
"""

from __future__ import annotations

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from numpy.typing import NDArray

from neuronclaims.stats import max_statistic_tests
from neuronclaims.stats.permutation.arrangements import Subsets

Floats = NDArray[np.float64]
RATE_CASES = (
    (20, 4096, False, "greater", ">= .45"),
    (20, 4096, False, "two-sided", "-"),
    (20, 49152, False, "greater", ">= .45"),
    (20, 49152, False, "two-sided", "-"),
    (100, 4096, False, "greater", ">= .8"),
    (100, 4096, False, "two-sided", "-"),
    (100, 4096, True, "greater", "-"),
)


@dataclass(frozen=True, slots=True)
class Line:
    case: str
    seconds: float
    measure: str
    reached: float
    wanted: str


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def in_turns(rounds: int, *works: Callable[[], object]) -> list[list[float]]:
    """Return the seconds of each round of each work, after one round that is not counted."""
    for work in works:
        work()
    return [
        list(column)
        for column in zip(*([seconds(work) for work in works] for _ in range(rounds)), strict=True)
    ]


def median_ratio(times: list[float], others: list[float]) -> float:
    return float(np.median(np.array(times) / np.array(others)))


def samples(n1: int, n2: int, neurons: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((n1 + n2, 5)) @ rng.standard_normal((5, neurons))
    pooled = rng.standard_normal((n1 + n2, neurons)) + 0.5 * shared
    pooled[:n1, : neurons // 50] += 1.5  # some neurons do differ
    return pooled[:n1], pooled[n1:]


def searching(
    first: Floats, second: Floats, statistic: str, paired: bool = False, alternative: str = "greater"
) -> Callable[[], object]:
    options = {"paired": paired, "statistic": statistic, "alternative": alternative, "seed": 1}
    return partial(max_statistic_tests, first, second, **options)


def in_blocks(chosen: Floats, pooled: Floats, room: Floats) -> None:
    """Multiply without keeping the results, [255, 512] at a time."""
    for column in range(0, pooled.shape[1], room.shape[1]):
        some = pooled[:, column : column + room.shape[1]]
        for row in range(0, len(chosen), len(room)):
            marked = chosen[row : row + len(room)]
            np.matmul(marked, some, out=room[: len(marked), : some.shape[1]])


def against_bare_product(rounds: int) -> list[Line]:
    """The whole of GPT-2 small, 12 x 768 neurons, all relabellings, against the product of that shape alone."""
    first, second = samples(5, 10, 9216)
    chosen = np.concatenate(list(Subsets(15, 5).every())).astype(np.float64)
    pooled, out = np.concatenate([first, second]), np.empty((len(chosen), 9216))
    bare = partial(np.matmul, chosen, pooled, out=out)
    blocks = partial(in_blocks, chosen, pooled, np.empty((255, 512)))
    lines = []
    for statistic, alternative in (("mean", "greater"), ("mean", "two-sided"), ("auroc", "greater")):
        test = searching(first, second, statistic, alternative=alternative)
        ours, theirs, blocked = in_turns(rounds, test, bare, blocks)
        name = "Welch's t" if statistic == "mean" else "rank sum"
        case = f"5 vs 10, 9,216 neurons, all 3,003 relabellings, {name}, {alternative}"
        middle = float(np.median(ours))
        lines.append(Line(case, middle, "time / bare product, one array", median_ratio(ours, theirs), "< 3"))
        lines.append(Line(case, middle, "time / bare product, in blocks", median_ratio(ours, blocked), "-"))
    return lines


def against_product_rate(rounds: int) -> list[Line]:
    """The share of the rate of a large matrix product, all work of the test counted as one product."""
    square = np.random.default_rng(1).standard_normal((1200, 1200))
    single = square.astype(np.float32)
    big = partial(np.matmul, square, square, out=np.empty_like(square))
    big_single = partial(np.matmul, single, single, out=np.empty_like(single))
    lines = []
    for n, neurons, paired, alternative, wanted in RATE_CASES:
        test = searching(*samples(n, n, neurons), "mean", paired, alternative)
        ours, *rates = in_turns(rounds, test, big, big_single)
        products = (n if paired else 2 * n) * 9999 * neurons / 1200**3
        sets = f"{n} {'pairs' if paired else f'vs {n}'}"
        case = f"{sets}, {neurons:,} neurons, 9,999 draws, {alternative}"
        for kind, rate, aim in zip(("float64", "float32"), rates, (wanted, "-"), strict=True):
            share = median_ratio(rate, ours) * products
            lines.append(Line(case, float(np.median(ours)), f"share of {kind} product rate", share, aim))
    return lines


def memory() -> list[Line]:
    """The most that is held beside the input, in megabytes."""
    lines = []
    for n, neurons in ((20, 49152), (100, 49152), (500, 49152)):
        first, second = samples(n, n, neurons)
        test = searching(first, second, "mean", alternative="two-sided")
        tracemalloc.start()
        taken = seconds(test)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        case = f"{n} vs {n}, {neurons:,} neurons, 9,999 draws, two-sided"
        lines.append(Line(case, taken, "MB beside the input", peak, "< 200"))
    return lines


def against_scipy(rounds: int, quick: bool) -> list[Line]:
    """scipy.stats.permutation_test, vectorised, at the best of several batch sizes; it corrects for nothing."""
    from scipy import stats

    def gap(a: Floats, b: Floats, axis: int) -> Floats:
        return a.mean(axis=axis) - b.mean(axis=axis)

    lines = []
    for neurons in (768,) if quick else (768, 4096):
        first, second = samples(20, 20, neurons)

        peer = partial(
            stats.permutation_test, (first, second), gap, vectorized=True, n_resamples=9999, axis=0, rng=0
        )
        best = min((2, 8, 32, 128), key=lambda batch, peer=peer: seconds(partial(peer, batch=batch)))
        ours, theirs = in_turns(rounds, searching(first, second, "mean"), partial(peer, batch=best))
        case = f"20 vs 20, {neurons:,} neurons, 9,999 draws"
        measure = f"SciPy (batches of {best}) / time"
        lines.append(Line(case, float(np.median(ours)), measure, median_ratio(theirs, ours), ">= 10"))
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, fewer cases")
    quick = parser.parse_args().quick
    rounds = 3 if quick else 9
    lines = against_bare_product(rounds) + against_product_rate(rounds)
    lines += against_scipy(min(rounds, 5), quick) + ([] if quick else memory())
    print("| case | seconds | measure | reached | wanted |\n|---|---|---|---|---|")
    for line in lines:
        print(f"| {line.case} | {line.seconds:.3f} | {line.measure} | {line.reached:.2f} | {line.wanted} |")


if __name__ == "__main__":
    main()
