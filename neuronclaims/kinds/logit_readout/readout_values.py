"""How claims of prediction read, what they ask of each document, and what was measured there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from neuronclaims import stats
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.kind import ClaimError
from neuronclaims.kinds.shared.margins import MarginOptions, margin_of
from neuronclaims.kinds.shared.requests import in_order, plural, seed_of, texts_of
from neuronclaims.measurements import Readout
from neuronclaims.sentences.neurons import Neuron
from neuronclaims.sentences.options import Form, OneOf, Options
from neuronclaims.sentences.subjects import Subject
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.kinds.kind import Answers

    Counts = NDArray[np.int64]

CHANCE = 0.5
"""The AUROC of a neuron whose values tell nothing of the prediction."""

NOT = "does not predict"

MOST_BINS = 10_000


def _shortest(decimal: str) -> str:
    return f"{Decimal(decimal).normalize() + 0:f}"


Edge = Annotated[
    str,
    Form(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?", "write a decimal such as 0.2"),
    AfterValidator(_shortest),
]


class ValueBins(Options):
    """Bins of equal width, half-open, with exact decimal edges."""

    start: Edge = Field(description="The first edge.")
    stop: Edge = Field(description="The last edge.")
    width: Edge = Field(description="The width of a bin.")

    @model_validator(mode="after")
    def _whole(self) -> ValueBins:
        start, stop, width = Decimal(self.start), Decimal(self.stop), Decimal(self.width)
        rule = None
        if width <= 0 or stop <= start:
            rule = "'width' must be above 0, and 'stop' above 'start'"
        elif (stop - start) % width:
            rule = f"from {start} to {stop} is not a whole number of steps of {width}"
        elif (stop - start) / width > MOST_BINS:
            rule = f"there can be {MOST_BINS} bins at most"
        if rule:
            raise PydanticCustomError("claims_rule", "", {"rule": rule})
        return self

    def __repr_name__(self) -> str:
        return "Bins"  # baselines know a claim's options by this text

    @property
    def edges(self) -> tuple[float, ...]:
        """Return the edges of all bins, each the float nearest to its decimal."""
        start, stop, width = Decimal(self.start), Decimal(self.stop), Decimal(self.width)
        return tuple(float(start + number * width) for number in range(int((stop - start) / width) + 1))


BINS = ValueBins(start="-1", stop="8", width="0.2")
"""Bins for values behind an activation function such as GELU; two open ones take what lies outside."""


@dataclass(frozen=True, slots=True)
class Predicts:
    """The sentence of a neuron that predicts a token, in parts."""

    who: Subject
    verb: Literal["predicts", "does not predict"]
    token: str
    corpus: str
    auroc: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.who.how == "some":
            message = "that some neuron predicts a token cannot be tested: only the neurons named are read; name them"
            raise FieldError("who", message, "every neuron of")
        if self.auroc is None:
            return
        if self.verb == NOT:
            message = (
                "a claim of 'does not' names no number; the distance from 0.5 that would matter is its margin"
            )
            near = f"margin: {self.auroc - CHANCE:.6g}" if CHANCE < self.auroc < 1 else None
            raise FieldError("auroc", message, near)
        if not CHANCE < self.auroc <= 1:
            raise FieldError(
                "auroc", "the AUROC claimed must lie above 0.5, which is chance, and at most at 1"
            )

    def __str__(self) -> str:
        return TEMPLATE.render(self)


ReadoutWith = Annotated[
    Literal["model", "legacy_embed"],
    OneOf("readout"),
    Field(description="What makes predictions: model (if unsaid) or legacy_embed."),
]


class PredictionOptions(MarginOptions):
    """What claims of prediction take besides."""

    bins: ValueBins | None = Field(None, description="The bins that values are counted in.")
    fewest: int | None = Field(
        None, ge=1, le=1_000_000_000, description="The least count with which a bin is shown."
    )
    readout: ReadoutWith = "model"


TEMPLATE = Template(
    "[{site:site}] {who:subject} {verb:predicts|does not predict} {token:token} in {corpus:set} "
    "[with AUROC at least {auroc:number}]",
    Predicts,
    options=PredictionOptions,
    margin="'margin: 0.1', the distance of the AUROC from 0.5 that would matter",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A claim with its documents in the order of their texts, so that the order of a file changes no number."""

    claim: Claim[Predicts, PredictionOptions]
    documents: tuple[Prompt, ...]
    units: TextUnits

    @classmethod
    def of(cls, claim: Claim[Predicts, PredictionOptions]) -> Asked:
        """Look up the documents; raise ClaimError for fewer than two units."""
        documents = in_order(claim.sets[claim.sentence.corpus])
        return cls(claim, documents, TextUnits.of([document.group for document in documents], "document"))

    @property
    def bins(self) -> ValueBins:
        """The bins that values are counted in."""
        return self.claim.settings.options.bins or BINS

    @property
    def seed(self) -> int:
        """A seed that comes from the documents."""
        return seed_of(self.claim.settings, (self.documents,), "prediction")

    @property
    def margin(self) -> float | None:
        """The margin of a claim of "does not", None of another; raise ClaimError for one that cannot be."""
        if self.claim.sentence.verb != NOT:
            return None
        margin = margin_of(self.claim, "0.1", "the distance of the AUROC from 0.5 that would matter")
        if margin.unit is None and margin.value < CHANCE:
            return margin.value
        raise ClaimError(
            f"The margin of 'does not predict' is a distance of the AUROC from 0.5, below 0.5, not {margin}. "
            "Write 'margin: 0.1' where an AUROC between 0.4 and 0.6 would not matter."
        )

    def of_neuron(self, neuron: Neuron) -> Readout:
        """Ask for one neuron beside the top prediction, in every document."""
        settings, said = self.claim.settings, self.claim.sentence
        return Readout(
            settings.site,
            neuron.layer,
            neuron.index,
            said.token,
            self.bins.edges,
            texts_of(self.documents),
            legacy_embed=settings.options.readout == "legacy_embed",
        )


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What was measured of one neuron.

    ``positions`` and ``hits`` [documents] count positions and those with the token on top, ``counts`` and ``top``
    [bins] the same by bins. ``found`` has the mean AUROC, less 1/2, of each unit's documents that show one.
    """

    positions: Counts
    hits: Counts
    counts: Counts
    top: Counts
    found: stats.WithinUnits

    @classmethod
    def of(cls, asked: Asked, answers: Answers, neuron: Neuron) -> Measured:
        """Read the answers; raise ClaimError where fewer than two units tell anything."""
        need = asked.of_neuron(neuron)
        found = need.columns(answers[need])
        positions, hits = (column.round().astype(np.int64) for column in (found.positions, found.hits))
        _check_hits(asked, positions, hits)
        counts, top = (
            part.round().astype(np.int64).sum(axis=0) for part in (found.by_bin, found.hits_by_bin)
        )
        return cls(positions, hits, counts, top, _within(asked, found.auroc, positions, hits))

    @property
    def telling(self) -> NDArray[np.bool_]:
        """Which documents have positions of both sorts, and so an AUROC."""
        return (self.hits > 0) & (self.hits < self.positions)


def _within(asked: Asked, aurocs: Floats, positions: Counts, hits: Counts) -> stats.WithinUnits:
    """Average AUROCs [documents] within units, as far as they have one."""
    pairs = hits * (positions - hits)
    # An AUROC is a whole number of half pairs. What float32 lost of it would break ties between documents.
    exact = np.where(pairs > 0, np.round(2 * pairs * aurocs) / (2 * np.maximum(pairs, 1)), np.nan)
    values = [exact[list(rows)] for rows in asked.units.rows]
    effects = [float((one[~np.isnan(one)] - CHANCE).mean()) for one in values if not np.isnan(one).all()]
    if len(effects) < 2:
        raise ClaimError(
            f"Only {plural(len(effects), asked.units.unit)} of {len(values)} in {asked.claim.sentence.corpus!r} "
            f"{'has' if len(effects) == 1 else 'have'} positions with {asked.claim.sentence.token!r} as the top "
            "prediction and others without; at least 2 are needed, and more to show anything. Take longer or other "
            "documents."
        )
    names = tuple(str(place) for place in range(len(effects)))
    return stats.WithinUnits("AUROC", np.array(effects), names, len(values) - len(effects), CHANCE, 0.0, 1.0)


def _check_hits(asked: Asked, positions: Counts, hits: Counts) -> None:
    said, many = asked.claim.sentence, f"{positions.sum():,} positions"
    where = f"of {many} in {plural(len(positions), 'document')} of {said.corpus!r}"
    if not hits.any():
        raise ClaimError(
            f"{said.token!r} is the top prediction at none {where}, so nothing can go with it. Take documents in which "
            "the model would write it, or a token that it writes more often."
        )
    if (hits == positions).all():
        raise ClaimError(
            f"{said.token!r} is the top prediction at each {where}, so nothing can go with it. Take documents in which "
            "the model would write other tokens, too."
        )
