"""The plan of a run: what each model takes, and what the prompts of each claim can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.engines.forecast import Forecast, Ways, forecast
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import kind_of
from neuronclaims.kinds.layer_copies import LayerCopies
from neuronclaims.models.tokenization_check import check_with
from neuronclaims.planning.devices import Device
from neuronclaims.planning.elsewhere import UTILISATION, OnDevices, elsewhere
from neuronclaims.planning.model_plans import FilePlan, ModelPlan, problems_of
from neuronclaims.planning.reach import reach_of, searched_in
from neuronclaims.stats.unit_counts import sizes_in_words

if TYPE_CHECKING:
    from neuronclaims.measurements import ModelFacts
    from neuronclaims.stats.power.asked import AskedEffect
    from neuronclaims.stats.power.planning import PlannedEffect


@dataclass(frozen=True, slots=True)
class EffectTable:
    """What some prompts can show: true ``effects``, how often each is shown, and how many show it 8 times in 10.

    ``prompts`` says how many there are, ``of`` what the effects are of where that needs words, and ``level`` at which
    level they count.
    """

    effects: tuple[PlannedEffect, ...]
    prompts: str
    level: str
    of: str = ""


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """What the prompts of one claim can show; ``table`` is None where its kind does not know.

    ``problem`` is why the claim could not be tested or supported.
    """

    file: str
    model: str
    id: str
    sentence: str
    kind: str
    table: EffectTable | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run of one model takes: ``forecast`` is None where nothing is known of the model, ``plan`` says why.

    ``elsewhere`` is what it takes on devices of another machine, where that was asked for.
    """

    plan: ModelPlan
    forecast: Forecast | None
    elsewhere: OnDevices | None = None

    def on(self, device: Device, utilisation: float = UTILISATION) -> RunPlan:
        """Return the same plan for devices of another machine; raise NeuronClaimsError where these cannot do it."""
        if self.forecast is None or self.plan.source is None:
            return self
        return replace(self, elsewhere=elsewhere(self.plan.source, self.forecast, device, utilisation))

    def claims(self, asked: AskedEffect | None = None) -> Iterator[ClaimPlan]:
        """Yield what the prompts of each claim can show: of the effect asked for, or of some that are stated."""
        for file in self.plan.files:
            tables = dict(self._tables(file, asked))
            problems = {claim.id: what for claim, what in problems_of(file)}
            for claim in file.file.claims:
                yield ClaimPlan(
                    str(file.file.path),
                    self.plan.spec,
                    claim.id,
                    claim.text,
                    kind_of(claim.sentence).name,
                    tables.get(claim.id),
                    problems.get(claim.id),
                )

    def _tables(self, file: FilePlan, asked: AskedEffect | None) -> Iterator[tuple[str, EffectTable]]:
        source = self.plan.source
        searched = searched_in(file.file, source.facts()) if source is not None else {}
        for name, reach in reach_of(file.file, searched or None).items():
            known, level = reach.planning, reach.level
            if known is None or name in file.errors or (asked is None and reach.p_for > file.file.alpha):
                continue
            found = known.table(level) if asked is None else known.of_effect(asked, level)
            if found is not None:
                counts = known.counts[:1] if known.claim.paired else known.counts
                at = f"{level.alpha:g}" + (f" / {level.family}" if level.family > 1 else "")
                yield name, EffectTable(found.effects, sizes_in_words(counts, known.unit), at, found.of)


def run_plan(plan: ModelPlan, ways: Ways) -> RunPlan:
    """Return what a run of a planned model takes; raise NeuronClaimsError where a pilot of it cannot run."""
    source = plan.source
    if source is None or plan.missing is not None:
        return RunPlan(plan, None)
    judging = max((_judging(file, source.facts()) for file in plan.files), default=0)
    return RunPlan(plan, forecast(source, plan.needs, _lengths(plan, ways), plan.weights, ways, judging))


def _judging(file: FilePlan, facts: ModelFacts) -> int:
    """Return the bytes of layers that are copied when the claims of a file are judged."""
    copies = LayerCopies(facts)
    for claim in file.file.claims:
        if claim.id in file.needs:
            copies.add(claim, file.needs[claim.id])
    return copies.total


def _lengths(plan: ModelPlan, ways: Ways) -> Mapping[str, int] | None:
    """Return the number of tokens of each text; None where only the libraries could split them, and none may run."""
    if plan.tokenization is not None or plan.source is None:
        return plan.tokenization.lengths if plan.tokenization is not None else None
    if plan.source.loaded is not None:
        return check_with(plan.source.loaded.tokenizer, plan.source, plan.needs).lengths
    if not ways.pilot or plan.weights is not None:
        return None
    from neuronclaims.models.running.loading import load_tokenizer

    return check_with(load_tokenizer(plan.source), plan.source, plan.needs).lengths


def asked_effect(text: str) -> AskedEffect:
    """Return the effect that a text names, such as "0.5 sd"; raise NeuronClaimsError for another text."""
    from neuronclaims.stats.power.asked import AskedEffect as Asked

    try:
        return Asked.read(text)
    except stats.StatsError as error:
        raise NeuronClaimsError(str(error)) from None
