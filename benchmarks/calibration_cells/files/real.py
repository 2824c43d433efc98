"""Real activations: prompts drawn from a pool of texts of three models; what is true of the whole pool is the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration_cells.bands import band, published
from calibration_cells.cell import Cell, Row, random
from calibration_cells.stand_in import textbook
from calibration_cells.stand_in.lines import ALPHA, verdict
from calibration_cells.stand_in.textbook import Floats, Found
from calibration_cells.stand_in.world import Layout, Values, World

POOLS = Path(__file__).with_name("pools.npz")
"""Made by benchmarks/pools.py: the values of 20 neurons on some 300 texts of each of two topics."""
MODELS, POOLED = ("demo", "stories260k", "MiniLM"), ("last", "max")
SIZE = 20
FARTHEST = 0.97
"""Neurons that separate the whole topics better than this are left out: few prompts of theirs ever overlap."""


@dataclass(frozen=True)
class Pool:
    """The values [texts, neurons] of two topics, and what is true of them."""

    up: Floats
    down: Floats

    @classmethod
    def of(cls, model: str, pooled: str) -> Pool:
        """Read the pool of a model, without neurons that nearly separate the topics."""
        with np.load(POOLS) as kept:
            up, down = (kept[f"{model}/{pooled}/{topic}"].astype(float) for topic in ("up", "down"))
        whole = cls(up, down)
        keep = np.maximum(whole.auroc, 1 - whole.auroc) < FARTHEST
        return cls(up[:, keep], down[:, keep])

    @property
    def difference(self) -> Floats:
        """The difference of means."""
        return np.asarray(self.up.mean(axis=0) - self.down.mean(axis=0))

    @property
    def standardised(self) -> Floats:
        """The difference in pooled standard deviations, of sets of one size."""
        return np.asarray(self.difference / np.sqrt((self.up.var(axis=0) + self.down.var(axis=0)) / 2))

    @property
    def auroc(self) -> Floats:
        """The AUROC of the two topics; ties count half."""
        higher = self.up[:, None] - self.down[None]
        return np.asarray(((higher > 0) + (higher == 0) / 2).mean(axis=(0, 1)))

    def draw(self, rng: np.random.Generator) -> Values:
        """Draw prompts of both topics, all neurons of a prompt together."""
        return {
            name: values[rng.integers(len(values), size=SIZE)]
            for name, values in (("up", self.up), ("down", self.down))
        }


@dataclass(frozen=True)
class Asked:
    """One sort of claim on a pool: a sentence per neuron whose boundary is the truth, and a textbook's test of it."""

    name: str
    claims: tuple[str, ...]
    textbook: Callable[[Values], Found]


def asked(pool: Pool) -> Iterator[Asked]:
    """Yield what is asked of the neurons of a pool: a number in their own unit, in sd, and an AUROC."""
    side, difference, sd = np.sign(pool.difference), np.abs(pool.difference), np.abs(pool.standardised)
    more = ["more" if one > 0 else "less" for one in side]
    start = [f"neuron 0:{n} activates {said} for up than down by at least " for n, said in enumerate(more)]
    yield Asked(
        "by at least the true difference",
        tuple(f"{said}{number:.6f}" for said, number in zip(start, difference, strict=True)),
        lambda values: textbook.welch(values["up"], values["down"], pool.difference),
    )
    yield Asked(
        "by at least the true difference in sd",
        tuple(f"{said}{number:.6f} sd" for said, number in zip(start, sd, strict=True)),
        lambda values: textbook.noncentral(values["up"], values["down"], pool.standardised),
    )
    far = np.maximum(pool.auroc, 1 - pool.auroc)
    names = [f"neuron 0:{n} separates up from down with AUROC at least {far[n]:.6f}" for n in range(len(far))]
    yield Asked("with the true AUROC at least", tuple(names), lambda values: _auroc(values, pool.auroc))


def _auroc(values: Values, truth: Floats) -> Found:
    found = [
        textbook.brunner_munzel(values["up"][:, [n]], values["down"][:, [n]], one)
        for n, one in enumerate(truth)
    ]
    return Found(np.array([each.p[0] for each in found]), np.array([each.side[0] for each in found]))


BEYOND = "neurons with more wrong verdicts than their limit"


def real(repetitions: int, seed: int) -> list[Row]:
    """Judge every neuron at what is true of it, each claim as alone in its file."""
    rows: list[Row] = []
    table = f"Real activations (mlp_post), {SIZE} + {SIZE} prompts: verdicts at what is true of the pool"
    for model in MODELS:
        for pooled in POOLED:
            pool = Pool.of(model, pooled)
            for one in asked(pool):
                case = {"model": model, "tokens": pooled, "claim": one.name, "neurons": f"{len(one.claims)}"}
                rows += _neurons(table, case, pool, one, repetitions, seed)
    return rows


def _neurons(
    table: str, case: dict[str, str], pool: Pool, one: Asked, repetitions: int, seed: int
) -> Iterator[Row]:
    rng, by_textbook = random(seed, "real", *case.values()), []
    sizes = {"up": SIZE, "down": SIZE}
    file = Layout(one.claims, sizes, ("correction: none",), width=len(one.claims))

    def drawn() -> Iterator[Values]:
        for _ in range(repetitions):
            values = pool.draw(rng)
            by_textbook.append(one.textbook(values).p <= ALPHA)
            yield values

    found = [
        [verdict(each) != "inconclusive" for each in results] for results in World(file).results(drawn())
    ]
    for name, hits in (("neuronclaims", np.array(found)), ("textbook tests", np.array(by_textbook))):
        rates, limit = hits.mean(axis=0), band(repetitions, ALPHA)[1]
        beyond = float(np.mean(rates > limit))
        yield published(table, case, f"wrong verdicts, {name}", hits.ravel())
        yield Row(table, case, f"wrong verdicts of the worst neuron, {name}", float(rates.max()), repetitions)
        allowed = 1 / len(rates) if name == "neuronclaims" else None  # one by chance, of all neurons here
        yield Row(table, case, f"{BEYOND}, {name}", beyond, repetitions, None, allowed)


CELLS = (Cell("V12", "real activations", real, 120, 1_200),)
