"""Four kinds of claim from another package, one of each sort; installed for inner sessions by an entry point each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from pydantic import Field

from neuronclaims import stats
from neuronclaims.figures import BinRow, Bins, Matrix, Panel, Point, Points, Surface, Table
from neuronclaims.kinds.kind import FACT, Attainable, Finding, Sample, Statement
from neuronclaims.kinds.shared.requests import activations, in_order
from neuronclaims.measurements import Pair, Prediction, Restoration
from neuronclaims.results import Selection
from neuronclaims.sentences.options import Options
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template

INDEX_SIZE = stats.EffectSize("index", "index")


class Toy:
    def __init__(self, name, template) -> None:
        self.name, self.template = name, template

    def joint_test_key(self, claim):
        return None

    def attainable(self, claim):
        return Attainable(0.0, "documents")


def finding(side, null, threshold=None, claimed=None, *, unit, counts, paired=False, **fields):
    return Finding(
        statement=Statement(side, null, threshold, claimed),
        sample=Sample(unit, counts, paired),
        selection=Selection("beforehand"),
        notes=("a note",),
        **fields,
    )


@dataclass(frozen=True)
class Ladder:
    """A figure that no report of ours has ever heard of; one without rungs cannot be put into a table."""

    rungs: np.ndarray
    kind: str = "ladder"

    def as_table(self):
        return Table(
            "rungs of the ladder", ("least", "most"), ((f"{min(self.rungs)}", f"{max(self.rungs)}"),)
        )


class IdsWriter:
    place = "report"

    def write(self, path, account):
        file = path / "ids.txt"
        file.write_text("\n".join(entry.result.id for entry in account.entries), encoding="utf-8")
        return file


class BrokenWriter:
    place = "report"

    def write(self, path, account):
        raise ZeroDivisionError("no ink")


@dataclass(frozen=True)
class Index:
    neuron: Neuron
    least: int


class IndexKind(Toy):
    """A fact: nothing is measured."""

    def attainable(self, claim):
        return FACT

    def needs(self, claim, facts):
        return ()

    def judge(self, claim, answers, family):
        said = claim.sentence
        labels = ("a", "b", "c", "d", "é")
        grid = tuple(tuple(None if i == j else 0.1 * (i + j) for i in range(5)) for j in range(5))
        return finding(
            estimate=stats.Estimate(INDEX_SIZE, float(said.neuron.index), None, None, 0.95, "counted"),
            claimed=f"at least {said.least}",
            measured=f"the neuron's index is {said.neuron.index}",
            side="greater",
            null=0.0,
            threshold=float(said.least),
            test=None,
            unit="neuron",
            counts=(),
            figures=(
                Table("indices", ("layer", "index"), (("0", "neuron 0"), ("1", "neuron 1")) * 3),
                Matrix("alike", labels, grid),
                Ladder(np.array([1.5, 2.5, np.inf])),
                Ladder(np.array([]), kind="table"),
            ),
        )


@dataclass(frozen=True)
class Share:
    neuron: Neuron
    beyond: float
    share: float
    where: str


class ShareKind(Toy):
    """A share of one set, tested exactly."""

    def attainable(self, claim):
        count = len(claim.sets[claim.sentence.where].prompts)
        said = stats.PlannedClaim("share", 1.0, "greater", paired=True, threshold=claim.sentence.share)
        return Attainable.of(stats.Planning(said, (count, count), "document"), f"{count} documents")

    def needs(self, claim, facts):
        said = claim.sentence
        return (activations(claim.settings, said.neuron.layer, in_order(claim.sets[said.where])),)

    def judge(self, claim, answers, family):
        said = claim.sentence
        [values] = answers.values()
        values = values[:, said.neuron.index]
        count, size = int((values > said.beyond).sum()), len(values)
        bins = tuple(
            BinRow(None if start is None else float(start), stop, 4, 0.25 * place, 0.1, 0.9, place == 2)
            for place, (start, stop) in enumerate([(None, 0.0), (0.0, 1.0), (1.0, 2.0), (2.0, None)])
        )
        return finding(
            estimate=stats.share_estimate(count, size),
            side="greater",
            null=said.share,
            threshold=None,
            test=stats.share_test(count, size, null=said.share, alternative="greater", unit="document"),
            unit="document",
            counts=((said.where, size),),
            figures=(Bins("activation", "share on top", bins),),
        )


@dataclass(frozen=True)
class Restores:
    neuron: Neuron
    share: float
    where: str


class RestoresKind(Toy):
    """A ratio over pairs, which has no meaning where what it divides by is not above 0."""

    def needs(self, claim, facts):
        said = claim.sentence
        pairs = tuple(
            Pair(p.clean, p.corrupted) for p in sorted(claim.pairs[said.where].pairs, key=lambda p: p.clean)
        )
        place = ((said.neuron.layer, said.neuron.index),)
        return (Restoration(claim.settings.site, place, Prediction(" an", " a"), pairs),)

    def judge(self, claim, answers, family):
        said = claim.sentence
        [values] = answers.values()
        clean, corrupted, restored = values.astype(np.float64).T
        found = stats.ratio_test(
            restored - corrupted,
            clean - corrupted,
            threshold=said.share,
            alternative="greater",
            resampling=stats.Resampling(seed=1),
        )
        ratio = stats.ratio_of_means_estimate(restored - corrupted, clean - corrupted)
        points = tuple(
            Point(float(i), i / 40, f"0:{i}", i / 40 - 0.1, i / 40 + 0.1, i == said.neuron.index)
            for i in range(40)
        )
        return finding(
            estimate=ratio,
            claimed=f"at least {said.share:g} recovered",
            side="greater",
            null=0.0,
            threshold=said.share,
            test=found.test,
            unit="pair",
            counts=((said.where, len(values)),),
            denominator_positive=found.denominator_positive,
            figures=(Points("neuron", "share recovered", points),),
        )


@dataclass(frozen=True)
class Flat:
    neuron: Neuron
    one: str
    two: str
    three: str


class FlatOptions(Options):
    height: float = Field(0.5, gt=0, description="The difference that would matter.")


class FlatKind(Toy):
    """Three sets, a margin that is an option of this kind alone, and a surface."""

    def needs(self, claim, facts):
        said = claim.sentence
        return tuple(
            activations(claim.settings, said.neuron.layer, in_order(claim.sets[name]))
            for name in (said.one, said.two, said.three)
        )

    def judge(self, claim, answers, family):
        said = claim.sentence
        first, second, third = (values[:, said.neuron.index] for values in answers.values())
        result = stats.equivalence_test(
            first,
            np.concatenate([second, third]),
            margin=claim.settings.options.height,
            scale="difference",
            paired=False,
        )
        panels = tuple(
            Panel(
                name,
                tuple(tuple(None if x == y else float(x * y) for x in range(40)) for y in range(3)),
                (9,) * 3,
            )
            for name in (said.one, said.two, said.three, "a fourth one with a very long name")
        )
        return finding(
            estimate=result.estimate,
            side="within",
            null=0.0,
            threshold=result.threshold,
            test=result.test,
            unit="prompt",
            counts=tuple((name, len(claim.sets[name].prompts)) for name in (said.one, said.two, said.three)),
            figures=(Surface("token", "layer", "z", tuple(range(40)), tuple(range(3)), panels),),
        )


INDEX = IndexKind("index", Template("neuron {neuron:neuron} has an index of at least {least:count}", Index))
SHARE = ShareKind(
    "share",
    Template(
        "neuron {neuron:neuron} goes beyond {beyond:number} in over {share:share} of {where:set}", Share
    ),
)
RESTORES = RestoresKind(
    "restores", Template("neuron {neuron:neuron} restores {share:share} in {where:pairs}", Restores)
)
FLAT = FlatKind(
    "flat",
    Template(
        "neuron {neuron:neuron} stays flat over {one:set} and {two:set} and {three:set}", Flat, FlatOptions
    ),
)
