"""Prediction: where a neuron's value is higher, a token is more often the model's own top prediction.

    mlp_post neuron 31:892 predicts " an" in corpus with AUROC at least 0.8
    every neuron of 31:892, 35:1884 predicts tokens matching "[0-9]+" in corpus
    mlp_post neuron 31:891 does not predict " an" in corpus                            (margin: 0.1)
    mlp_post neuron 3:17 predicts label "noun" in corpus

Every document gives one number, the AUROC of the neuron's values for "the token is on top here" over its own
positions, and their mean is tested against chance (see ``document_aurocs``). "Does not" tests it against the margin, to
both sides: neither does the value go up with the token, nor down. An AUROC within a document asks for nothing but an
order, so it is the trend; the shares by bins show its shape. A label stands in the place of "the token is on top here":
then the value at a token goes with how the text was labelled there.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from neuronclaims import stats
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.logit_readout.document_aurocs import (
    DocumentAurocs,
    Documents,
    planned_aurocs,
)
from neuronclaims.kinds.logit_readout.looked_for import Counted, LookedFor
from neuronclaims.kinds.logit_readout.readout_option import ReadoutWith
from neuronclaims.kinds.logit_readout.value_bins import BINS, FEWEST, BinnedHits, ValueBins, whole_sums
from neuronclaims.kinds.shared.margins import (
    AUROC_MARGIN,
    CHANCE,
    MarginOptions,
    auroc_band,
    auroc_margin,
    check_auroc,
)
from neuronclaims.kinds.shared.refusals import check_subject, check_unsearched
from neuronclaims.kinds.shared.requests import in_order, resamples_of, seed_of
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.parts import attainable_part, family_for, judged_part
from neuronclaims.kinds.shared.subjects.selection import selection_notes, selection_of
from neuronclaims.kinds.shared.subjects.subjects import (
    NeuronStatement,
    TestedNeuron,
    every_note,
    every_table,
    least_clear,
    weakest,
)
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.token_classes import Wanted

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.figures import Figure
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts

NOT = "does not predict"


@dataclass(frozen=True, slots=True)
class Predicts:
    """The sentence of a neuron that predicts a token or a label, in parts."""

    who: Subject
    verb: Literal["predicts", "does not predict"]
    token: Wanted
    corpus: str
    auroc: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.who.how == "some":
            rule = "that some neuron predicts a token cannot be tested: only the neurons named are read; name them"
            raise FieldError("who", rule, "every neuron of")
        check_auroc(self.auroc, denied=self.verb == NOT, either_way=False)

    def __str__(self) -> str:
        return TEMPLATE.render(self)


class PredictionOptions(MarginOptions):
    """The options of claims of prediction."""

    bins: ValueBins | None = Field(None, description="The bins that values are counted in.")
    fewest: int | None = Field(
        None, ge=1, le=1_000_000_000, description="The least count with which a bin is shown."
    )
    readout: ReadoutWith = "model"


SEARCHED = (
    "a neuron that was picked on these documents cannot be tested on them: to read every neuron it was picked from "
    "beside the predictions would cost too much, so only those named are read; test it on new documents "
    "('discovered_on')"
)


def _check(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    check_subject(claim)
    check_unsearched(claim, SEARCHED)


TEMPLATE = Template(
    "[{site:site}] {who:subject} {verb:predicts|does not predict} {token:wanted} in {corpus:set} "
    "[with AUROC at least {auroc:number}]",
    Predicts,
    options=PredictionOptions,
    check=_check,
    margin=f"'margin: 0.1', {AUROC_MARGIN}",
    pooled=False,
)


@dataclass(frozen=True, slots=True, eq=False)
class PredictionData:
    """What was measured of one neuron: its AUROC within each document, and the positions by bins of its value."""

    neuron: Neuron
    aurocs: DocumentAurocs
    bins: BinnedHits


@dataclass(frozen=True, slots=True)
class PredictionRequest:
    """The question of a claim: how neurons relate to a token, in documents in the order of their texts.

    The order of a file changes no number. ``margin`` is that of a claim of "does not", None of another.
    """

    claim: Claim[Predicts, PredictionOptions]
    documents: Documents
    margin: float | None

    @classmethod
    def of(cls, claim: Claim[Predicts, PredictionOptions]) -> PredictionRequest:
        """Look up the documents; raise ClaimError for fewer than two units, and for a margin that cannot be."""
        said = claim.sentence
        prompts = in_order(claim.sets[said.corpus])
        units = TextUnits.of([prompt.group for prompt in prompts], "document")
        margin = auroc_margin(claim, NOT) if said.verb == NOT else None
        return cls(claim, Documents(said.corpus, LookedFor(said.token), prompts, units), margin)

    @property
    def bins(self) -> ValueBins:
        """The bins that values are counted in."""
        return self.claim.settings.options.bins or BINS

    @property
    def seed(self) -> int:
        """A seed that comes from the documents."""
        return seed_of(self.claim.settings, (self.documents.prompts,), "prediction")

    @property
    def number(self) -> float | None:
        """The AUROC that a neuron has to reach or to stay below; None if the claim names none."""
        return self.claim.sentence.auroc if self.margin is None else CHANCE + self.margin

    @property
    def statement(self) -> Statement:
        """What is claimed of the AUROC."""
        if self.margin is not None:
            return Statement("within", CHANCE, self.number, auroc_band(self.margin))
        said = None if self.number is None else f"an AUROC of at least {self.number:g}"
        return Statement("greater", CHANCE, self.number, said)

    def need(self, neuron: Neuron) -> Counted:
        """Ask for one neuron beside the top prediction or a label, in every document."""
        return self.documents.looked_for.need(self.claim, neuron, self.bins.edges, self.documents.prompts)

    def data(self, answers: Answers, neuron: Neuron) -> PredictionData:
        """Read the answers about one neuron; raise ClaimError where fewer than two units have an AUROC."""
        found = (need := self.need(neuron)).columns(answers[need])
        positions, hits = (column.round().astype(np.int64) for column in (found.positions, found.hits))
        aurocs = DocumentAurocs.of(self.documents, found.auroc, positions, hits)
        in_bins, top = map(whole_sums, (found.by_bin, found.hits_by_bin))
        fewest = self.claim.settings.options.fewest or FEWEST
        return PredictionData(neuron, aurocs, BinnedHits(self.bins, in_bins, top, fewest))

    def tested(self, data: PredictionData, family: Family) -> TestedNeuron:
        """Test one neuron against chance, or against the margin."""
        if self.margin is not None:
            return TestedNeuron(data.neuron, data.aurocs.estimate, data.aurocs.margin_test(self.margin))
        draws = resamples_of(self.claim.settings)
        most = max(draws, family.max_draws)
        drawn = stats.Resampling(self.seed, draws=draws, max_draws=most)
        test = data.aurocs.test(self.number or CHANCE, drawn, family.level)
        return TestedNeuron(data.neuron, data.aurocs.estimate, test)


class PredictionKind:
    """Neurons whose values go with a token being predicted, or with a label of the text, or do not."""

    name, template = "prediction", TEMPLATE

    def attainable(self, claim: Claim[Predicts, PredictionOptions]) -> Attainable:
        """Say how small p could get, if every document had an AUROC."""
        request = PredictionRequest.of(claim)
        units = request.documents.units
        planning = planned_aurocs(len(units.rows), units.unit, request.number, request.margin)
        return attainable_part(Attainable.of(planning, units.size), claim.sentence.who)

    def joint_test_key(self, claim: Claim[Predicts, PredictionOptions]) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: Claim[Predicts, PredictionOptions], facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for each neuron beside what is looked for; raise ClaimError where that cannot be."""
        request = PredictionRequest.of(claim)
        request.documents.looked_for.check(facts)
        neurons = claim.sentence.who.neurons
        for neuron in neurons:
            check_neuron(neuron, claim.settings.site, facts)
        return tuple(request.need(neuron) for neuron in neurons)

    def judge(self, claim: Claim[Predicts, PredictionOptions], answers: Answers, family: Family) -> Finding:
        """Average the AUROCs within documents and test them against chance, or against the margin."""
        request, who = PredictionRequest.of(claim), claim.sentence.who
        data = {neuron: request.data(answers, neuron) for neuron in who.neurons}
        ones = [request.tested(each, family_for(family, who)) for each in data.values()]
        statement, every = request.statement, who.how == "every"
        bound = NeuronStatement(statement.side, statement.null, statement.threshold, family.alpha)
        part = judged_part(bound, ones, claim)
        one = part.deciding if part else weakest(bound, ones) if every else ones[0]
        own, selection = data[one.neuron], selection_of(claim, who, 1)
        aurocs, telling = own.aurocs, len(own.aurocs.within.effects)
        found = Finding(
            estimate=one.estimate,
            statement=statement,
            test=one.test,
            sample=Sample(aurocs.unit, ((claim.sentence.corpus, telling),)),
            planning=planned_aurocs(telling, aurocs.unit, request.number, request.margin),
            selection=selection,
            others=(aurocs.share_on_top, *own.bins.others),
            notes=(
                *selection_notes(selection),
                *((every_note(len(ones), one),) if every else ()),
                *_notes(request, own),
            ),
            figures=(
                *_figures(request, own),
                *_null(request, data, ones),
                *((every_table(ones),) if every else ()),
            ),
            units=aurocs.unit_values(
                f"{claim.settings.site} {one.neuron} for {request.documents.looked_for.there}"
            ),
        )
        return part.finding(found) if part else found


def _notes(request: PredictionRequest, data: PredictionData) -> tuple[str, ...]:
    """Say what was read, which documents have no AUROC, and what the bins do not show."""
    documents, aurocs = request.documents, data.aurocs
    legacy = (
        "On top is here what the input embedding makes of the last state without the final norm's scale and shift, "
        "as a published figure did: not the model's own prediction."
    )
    return (
        f"Read at all {aurocs.positions.sum():,} positions of text in {len(documents.prompts):,} documents, whatever "
        f"the file's token rule; {documents.looked_for.counted(int(aurocs.hits.sum()))}.",
        *((legacy,) if request.claim.settings.options.readout == "legacy_embed" else ()),
        *aurocs.notes,
        *data.bins.notes,
        "The rest of the layer was not read, so its place in it is not known.",
    )


def _figures(request: PredictionRequest, data: PredictionData) -> tuple[Figure, ...]:
    """Draw the share of what is looked for by bins of the neuron's value, and the AUROCs of single documents."""
    where = f"{request.claim.settings.site} {data.neuron}"
    shares = f"share of positions with {request.documents.looked_for.there}"
    return data.bins.figure(where, shares), data.aurocs.figure()


def _null(
    request: PredictionRequest, data: dict[Neuron, PredictionData], ones: list[TestedNeuron]
) -> tuple[Figure, ...]:
    """Draw the null distribution, under sign flips, of the neuron that gives the p."""
    if request.margin is not None:
        return ()
    least = least_clear(ones)
    of = "" if len(ones) == 1 else f" of {least.neuron}, whose p is the largest"
    return data[least.neuron].aurocs.null_figure(least.test, request.number or CHANCE, request.seed, of)


KIND = PredictionKind()
