"""Judge claims about a part of several neurons: at least 60 % of a set, at least 3 of it, or some neuron of it.

Each neuron is judged alone against the sentence's boundary. That at least k of n are so follows by closed testing
(``stats.several.counts``): the p of the k-th smallest of them times n - k + 1, and no smaller than the steps before it.
It holds however the neurons depend on one another, as neurons of one model on the same prompts do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.figures import Table
from neuronclaims.kinds.kind import Attainable, Statement
from neuronclaims.kinds.shared.requests import percent
from neuronclaims.kinds.shared.subjects.subjects import NeuronStatement, TestedNeuron, number_text, times
from neuronclaims.stats.effects.effect_size import EffectSize
from neuronclaims.stats.several.counts import deciding, holm_steps, share_that_holds

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Family, Finding
    from neuronclaims.sentences.subjects.neuron_sets import NeuronSet
    from neuronclaims.sentences.subjects.neurons import Neuron
    from neuronclaims.sentences.subjects.subject import Subject
    from neuronclaims.stats import Estimate, TestResult


SHARE_SHOWN = EffectSize("share_shown", "share of the neurons shown to be so", "share", scale="share")
EITHER_WAY = (
    "The sentence names no side, and every neuron has some effect, however small. So those neurons are counted whose "
    "own test shows one, either way; a claim with a side counts them by what is measured."
)
"""What notes say of a part of several neurons, where the sentence has no side and no number."""


@dataclass(frozen=True, slots=True)
class PartJudged:
    """A part of several neurons, judged: the share that is so, its test, and the neuron whose p decides."""

    estimate: Estimate
    test: TestResult
    statement: Statement
    deciding: TestedNeuron
    figures: tuple[Table, ...]
    notes: tuple[str, ...]

    def finding(self, found: Finding) -> Finding:
        """Return the finding about the part, given that about the neuron that decides."""
        return replace(
            found,
            estimate=self.estimate,
            statement=self.statement,
            test=self.test,
            others=(),
            rank=None,
            notes=(*found.notes, *self.notes),
            figures=(*found.figures, *self.figures),
            units=None,
            joint=None,
            planning=None,
        )


def judged_part(bound: NeuronStatement, ones: Sequence[TestedNeuron], claim: Claim) -> PartJudged | None:
    """Judge a claim of a part of several neurons, ``ones``; None for a claim of another subject."""
    who: Subject = claim.sentence.who
    if who.how != "part":
        return None
    named = next(iter(claim.neuron_sets.values()), None)
    ones = [bound.ruled(one) for one in ones]
    least, n = who.least, len(ones)
    defined = [one.estimate.value is not None for one in ones]
    holds = [there and bound.on_claimed_side(one) for there, one in zip(defined, ones, strict=True)]
    so = [one.test.p_value if yes else 1.0 for yes, one in zip(holds, ones, strict=True)]
    sided = bound.side != "two-sided" or not bound.at_null
    not_so = [
        one.test.p_value if there and not yes else 1.0
        for there, yes, one in zip(defined, holds, ones, strict=True)
    ]
    if sided:
        estimate = share_that_holds(so, not_so, sum(holds))
        so_decides = sum(holds) >= least
    else:
        holds, so_decides = _shown(so, bound.alpha), True
        estimate = replace(share_that_holds(so, not_so, sum(holds)), effect=SHARE_SHOWN)
    place, factor = deciding(so, least) if so_decides else deciding(not_so, n - least + 1)
    boundary = (least - 0.5) / n
    one = ones[place]
    test = replace(
        times(one.test, factor),
        statistic=estimate.value,
        alternative="two-sided",
        smallest_p=min(1.0, n * one.test.smallest_p),
        degenerate=all(each.test.degenerate for each in ones),
        method=f"{one.test.method}; of neuron {one.neuron}, times {factor} (Holm's step)",
    )
    return PartJudged(
        estimate,
        test,
        Statement("greater", boundary, boundary, _claimed(who, n)),
        one,
        (members_table(ones, holds, named),),
        (*_notes(least, n, bound, so, not_so, one), *(() if sided else (EITHER_WAY,))),
    )


def _shown(p_values: Sequence[float], alpha: float) -> list[bool]:
    """Tell of each neuron whether Holm's step shows what is claimed of it.

    >>> _shown([0.5, 0.01, 0.02], 0.05)
    [False, True, True]
    """
    order = np.argsort(p_values, kind="stable")
    found = np.empty(len(order), dtype=bool)
    found[order] = holm_steps(p_values) <= alpha
    return [bool(each) for each in found]


def attainable_part(found: Attainable, who: Subject) -> Attainable:
    """Return what is attainable of a subject, given what is of each neuron: n times the least p, of a part of n."""
    if who.how != "part":
        return found
    n = len(who.neurons)
    return Attainable(min(1.0, n * found.smallest_p), found.size, True, min(1.0, n * found.against))


def family_for(family: Family, who: Subject) -> Family:
    """Return the family as a neuron of the subject is tested in it: p of one of a part is multiplied by up to n."""
    return replace(family, size=family.size * len(who.neurons)) if who.how == "part" else family


def members_table(
    ones: Sequence[TestedNeuron], holds: Sequence[bool], named: NeuronSet | None = None
) -> Table:
    """List all neurons, the clearest first, with what each shows alone, and what its file says where it differs."""
    level = 100 * ones[0].estimate.level
    labels, telling = _labels(named)
    signed = [
        (not yes, one.test.p_value if yes else -one.test.p_value)
        for yes, one in zip(holds, ones, strict=True)
    ]
    order = sorted(range(len(ones)), key=signed.__getitem__)
    rows = []
    for place in order:
        one, said = ones[place], labels.get(ones[place].neuron, {})
        low, high = one.estimate.low, one.estimate.high
        rows.append(
            (
                str(one.neuron),
                "yes" if holds[place] else "no",
                number_text(one.estimate.value),
                f"{number_text(low)} to {number_text(high)}",
                number_text(one.test.p_value),
                *(said.get(column, "") for column in telling),
            )
        )
    title = "each neuron alone" if named is None else _title(named)
    head = ("neuron", "as claimed", ones[0].estimate.name, f"{level:g} % interval", "p", *telling)
    return Table(title, head, tuple(rows))


def set_tables(claim: Claim) -> tuple[Table, ...]:
    """List the neurons of each set that a claim names, with what their files say of each, where it differs."""
    found = []
    for named in claim.neuron_sets.values():
        labels, telling = _labels(named)
        rows = tuple(
            (str(neuron), *(labels.get(neuron, {}).get(column, "") for column in telling))
            for neuron in named.neurons
        )
        found.append(Table(_title(named), ("neuron", *telling), rows))
    return tuple(found)


def _title(named: NeuronSet) -> str:
    return f"the neurons of {named.name}{f' ({named.origin})' if named.origin else ''}"


def _labels(named: NeuronSet | None) -> tuple[dict[Neuron, dict[str, str]], tuple[str, ...]]:
    """Return what a file says of each neuron of a set, and the columns in which it differs."""
    labels = {} if named is None else dict(zip(named.neurons, map(dict, named.labels), strict=False))
    columns = tuple(dict.fromkeys(column for row in labels.values() for column in row))
    return labels, tuple(each for each in columns if len({row.get(each) for row in labels.values()}) > 1)


def _claimed(who: Subject, n: int) -> str:
    if who.share is not None:
        return f"at least {percent(who.share)} of {n} neurons"
    return f"at least {who.least} of {n} neurons"


def _notes(
    least: int,
    n: int,
    bound: NeuronStatement,
    so: Sequence[float],
    not_so: Sequence[float],
    one: TestedNeuron,
) -> tuple[str, ...]:
    shown = [int((holm_steps(p) <= bound.alpha).sum()) for p in (so, not_so)]
    return (
        f"Claimed of at least {least} of {n} neurons: the boundary lies between {least - 1} and {least} of them.",
        f"At the level {bound.alpha:g}, {shown[0]} are shown to be as claimed and {shown[1]} not to be, whatever the "
        f"dependence between them; neuron {one.neuron} decides.",
    )
