"""Share trend: from a document's lowest values of a neuron to its highest, a token is on top more often, or less.

    the share of " an" among top predictions rises with mlp_post neuron 31:892 in documents
    the share of " an" among top predictions rises with neuron 31:892 in documents by at least 5% from lowest to highest
    the share of " an" among top predictions does not go with mlp_post neuron 31:891 in documents     (margin: 0.02)

Every document gives one number: the line fitted to the share of positions with the token on top, over its positions in
the order of their values, rises by so much from the first to the last. It is fitted over places, not over the bins that
the figure shows: over bins of a neuron that is seldom high the slope hangs on few positions, and tests of its mean are
wrong too often (docs/adr/0066-numbers-per-prompt.md). The mean is tested as changes are, by flipping signs and by its
interval; positions of one document need not be independent.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.interventions.before_after import BeforeAfter
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.logit_readout.looked_for import Counted, LookedFor
from neuronclaims.kinds.logit_readout.prediction import PredictionOptions
from neuronclaims.kinds.logit_readout.proportion import SEARCHED
from neuronclaims.kinds.logit_readout.value_bins import BINS, FEWEST, BinnedHits, ValueBins, whole_sums
from neuronclaims.kinds.shared.margins import plain_margin_of
from neuronclaims.kinds.shared.refusals import check_subject, check_unsearched
from neuronclaims.kinds.shared.requests import in_order, plain, plural, resamples_of, seed_of
from neuronclaims.kinds.shared.subjects.neurons import check_neuron
from neuronclaims.kinds.shared.subjects.selection import chosen_before, selection_notes
from neuronclaims.kinds.shared.unit_names import unit_names
from neuronclaims.kinds.shared.units import of_one_set
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.token_classes import TokenLabel, Wanted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from neuronclaims.claim_files.claims import Claim, Prompt
    from neuronclaims.kinds.kind import Answers, Family
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.measurements.documents.readout import ReadoutColumns
    from neuronclaims.stats import Side, TestResult

    Floats = NDArray[np.float64]
    TrendClaim = Claim["GoesWithShare", PredictionOptions]

NOT = "does not go with"
MATTERS = "the rise of the share, from the lowest to the highest value, that would matter"
RISE = stats.EffectSize(
    "share_rise", "mean rise of the share from lowest to highest value", "rise of share", signed=True
)
MOST = 1.5
"""A line fitted to as many 0 as 1, all 0 before all 1, rises by so much; none rises by more."""


@dataclass(frozen=True, slots=True)
class GoesWithShare:
    """The sentence of a token's share that goes with a neuron, in parts."""

    token: Wanted
    verb: Literal["rises with", "falls with", "does not go with"]
    who: Subject
    corpus: str
    least: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.token, TokenLabel):
            message = (
                "a label is of the text and no prediction: name tokens, or claim that a neuron 'predicts' it"
            )
            raise FieldError("token", message)
        if self.who.how != "one":
            message = "that a share goes with a neuron is claimed of one: make a claim of each"
            raise FieldError("who", message, "neuron")
        if self.least is None:
            return
        if self.verb == NOT:
            message = "a claim of 'does not' names no number; the rise that would matter is its margin"
            raise FieldError("least", message, f"margin: {self.least:g}")
        if not 0 < self.least < 1:
            raise FieldError("least", "the rise claimed must lie between 0% and 100%", "5%")

    def __str__(self) -> str:
        return TEMPLATE.render(self)


def _check(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    check_subject(claim)
    check_unsearched(claim, SEARCHED)


TEMPLATE = Template(
    "the share of {token:wanted} among top predictions {verb:rises with|falls with|does not go with} "
    "[{site:site}] {who:subject} in {corpus:set} [by at least {least:share} from lowest to highest]",
    GoesWithShare,
    options=PredictionOptions,
    check=_check,
    margin=f"'margin: 0.02', {MATTERS}",
    pooled=False,
)


def rises_of(positions: Floats, hits: Floats, aurocs: Floats) -> Floats:
    """Return by how much the fitted share rises from the lowest to the highest value of each document [documents].

    With m positions, h of them with the token on top, and an AUROC A of the values for it, the least-squares slope of
    the hits over the places 1 to m in the order of the values, times m - 1, is 12 h (m - h) (m - 1) (A - 1/2) /
    (m^3 - m). Where the token is nowhere or everywhere on top, the share does not rise: 0, whatever ``aurocs`` has.

    >>> rises_of(np.array([4.0, 5.0]), np.array([2.0, 0.0]), np.array([1.0, -1.0])).tolist()
    [1.2, 0.0]
    >>> float(np.polyfit([0, 1 / 3, 2 / 3, 1], [0, 0, 1, 1], 1)[0].round(6))
    1.2
    """
    pairs = hits * (positions - hits)
    # An AUROC is a whole number of half pairs. What float32 lost of it would break ties between documents.
    halves = np.where(pairs > 0, np.round(2 * pairs * aurocs) - pairs, 0.0)
    found: Floats = 6 * halves / (positions * (positions + 1))
    return found


@dataclass(frozen=True, slots=True)
class ShareTrendRequest:
    """The question of a claim, in documents in the order of their texts; ``units`` are documents or their groups."""

    claim: TrendClaim
    prompts: tuple[Prompt, ...]
    units: TextUnits
    statement: Statement

    @classmethod
    def of(cls, claim: TrendClaim) -> ShareTrendRequest:
        """Look up the documents; raise ClaimError for fewer than two units, and for a margin that cannot be."""
        prompts = in_order(claim.sets[claim.sentence.corpus])
        units = TextUnits.of([prompt.group for prompt in prompts], "document")
        return cls(claim, prompts, units, _statement(claim))

    @property
    def bins(self) -> ValueBins:
        """The bins that values are counted in."""
        return self.claim.settings.options.bins or BINS

    @property
    def neuron(self) -> Neuron:
        """The neuron of the claim."""
        [neuron] = self.claim.sentence.who.neurons
        return neuron

    @property
    def looked_for(self) -> LookedFor:
        """What counts at a position: the token, or class, on top."""
        return LookedFor(self.claim.sentence.token)

    @property
    def need(self) -> Counted:
        """The neuron beside the top prediction, in every document."""
        return self.looked_for.need(self.claim, self.neuron, self.bins.edges, self.prompts)

    @property
    def planning(self) -> stats.Planning:
        """What so many units can show of mean rises, in their standard deviations."""
        said, units = self.statement, self.units
        if said.side == "within":
            return units.planning("two-sided", "of the rises", said.threshold)
        beyond = "" if said.threshold is None else f" beyond {number_text(said.threshold)}"
        return units.planning("less" if said.side == "less" else "greater", f"of the rises{beyond}")

    def change(self, found: ReadoutColumns) -> BeforeAfter:
        """Return the rises of units against 0; raise ClaimError where the token is on top nowhere, or everywhere."""
        if not (found.hits > 0).any() or not (found.hits < found.positions).any():
            many = f"of {found.positions.sum():,.0f} positions in {self.claim.sentence.corpus!r}"
            raise self.looked_for.no_contrast(many, bool(found.hits.any()))
        rises = self.units.means(rises_of(found.positions, found.hits, found.auroc))
        seed = seed_of(self.claim.settings, (self.prompts,), "share trend")
        draws = resamples_of(self.claim.settings)
        return BeforeAfter(rises, np.zeros_like(rises), self.units, seed, draws, bounds=(-MOST, MOST))

    def test(self, change: BeforeAfter, family: Family) -> TestResult:
        """Test the mean rise against 0 or the number claimed, or turn its interval round against the margin."""
        said = self.statement
        if said.side == "within":
            assert said.threshold is not None
            return change.within(change.estimate(RISE), said.threshold, "within")
        return change.test(family, said.threshold or 0.0)


class ShareTrendKind:
    """A neuron with whose value the share of positions with a token on top rises or falls."""

    name, template = "share trend", TEMPLATE

    def attainable(self, claim: TrendClaim) -> Attainable:
        """Return the least p, if the share rises as steeply in every document."""
        request = ShareTrendRequest.of(claim)
        return Attainable.of(request.planning, request.units.size)

    def joint_test_key(self, claim: TrendClaim) -> Hashable | None:  # noqa: ARG002
        """Say that such a claim is tested alone."""
        return None

    def needs(self, claim: TrendClaim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Ask for the neuron beside the top prediction; raise ClaimError where that cannot be."""
        request = ShareTrendRequest.of(claim)
        request.looked_for.check(facts)
        check_neuron(request.neuron, claim.settings.site, facts)
        return (request.need,)

    def judge(self, claim: TrendClaim, answers: Answers, family: Family) -> Finding:
        """Average the documents' rises, and test their mean."""
        request, said = ShareTrendRequest.of(claim), claim.sentence
        found = request.need.columns(answers[request.need])
        change = request.change(found)
        test, units = request.test(change, family), request.units
        binned = _binned(request, found)
        selection = chosen_before(claim, "neuron")
        where = f"{claim.settings.site} {request.neuron}"
        names = unit_names(request.prompts, units.rows)
        null = () if request.statement.side == "within" else change.null(test, RISE.name)
        return Finding(
            estimate=change.estimate(RISE),
            statement=request.statement,
            test=test,
            sample=Sample(units.unit, ((said.corpus, len(units.rows)),)),
            selection=selection,
            others=binned.others,
            notes=(*selection_notes(selection), *_notes(request, found), *binned.notes),
            figures=(
                binned.figure(where, f"share of positions with {said.token!r} on top"),
                Distributions(
                    f"rise of the share from lowest to highest value, by {units.unit}",
                    (Row(said.corpus, plain(change.after), names),),
                ),
                *null,
            ),
            units=of_one_set(
                f"{where}: rise of the share with {said.token!r} on top",
                "mean",
                request.prompts,
                units.rows,
                change.after,
            ),
        )


def _statement(claim: TrendClaim) -> Statement:
    """Return what is claimed of the mean rise."""
    said = claim.sentence
    if said.verb == NOT:
        margin = plain_margin_of(claim, "0.02", MATTERS, below=1.0)
        return Statement("within", 0.0, margin, f"a rise between {-margin:.3g} and {margin:.3g}")
    side: Side = "less" if said.verb == "falls with" else "greater"
    if said.least is None:
        return Statement(side, 0.0)
    way = "fall" if side == "less" else "rise"
    bound = -said.least if side == "less" else said.least
    return Statement(side, 0.0, bound, f"a {way} of at least {100 * said.least:g}%")


def _binned(request: ShareTrendRequest, found: ReadoutColumns) -> BinnedHits:
    """Pool the positions of all documents by bins, to be looked at."""
    counts, hits = map(whole_sums, (found.by_bin, found.hits_by_bin))
    return BinnedHits(request.bins, counts, hits, request.claim.settings.options.fewest or FEWEST)


def _notes(request: ShareTrendRequest, found: ReadoutColumns) -> tuple[str, ...]:
    token = request.claim.sentence.token
    silent = int(((found.hits == 0) | (found.hits == found.positions)).sum())
    return (
        f"Read at all {found.positions.sum():,.0f} positions of text in {plural(len(request.prompts), 'document')}, "
        f"whatever the file's token rule; {token!r} is on top at {found.hits.sum():,.0f} of them.",
        *(
            (
                f"In {plural(silent, 'document')} it is on top nowhere, or everywhere: there the share rises by 0.",
            )
            if silent
            else ()
        ),
        "A line is fitted over the order of each document's own values. It says whether the share rises on the whole, "
        "not that it rises from each value to the next.",
    )


KIND = ShareTrendKind()
