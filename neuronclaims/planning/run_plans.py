"""The plan of a run: what each model takes, and what the prompts of each claim can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neuronclaims import stats
from neuronclaims.engines.forecast import Forecast, Ways, forecast
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import kind_of
from neuronclaims.models.tokenization_check import check_with
from neuronclaims.planning.model_plans import FilePlan, ModelPlan, problems_of
from neuronclaims.planning.reach import reach_of, searched_in

if TYPE_CHECKING:
    from neuronclaims.stats.power.asked import AskedEffect
    from neuronclaims.stats.power.planning import EffectPlan, PlannedEffect


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """What the prompts of one claim can show.

    ``effects`` are true effects, how often each is shown, and how many prompts show it 8 times in 10; empty where its
    kind does not know. ``said`` is that in a sentence, and ``problem`` why the claim could not be tested or supported.
    """

    file: str
    model: str
    id: str
    sentence: str
    kind: str
    effects: tuple[PlannedEffect, ...]
    said: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a run of one model takes: ``forecast`` is None where nothing is known of the model, ``plan`` says why."""

    plan: ModelPlan
    forecast: Forecast | None

    def claims(self, asked: AskedEffect | None = None) -> Iterator[ClaimPlan]:
        """Yield what the prompts of each claim can show: of the effect asked for, or of some that are stated."""
        for file in self.plan.files:
            tables = self._tables(file, asked)
            problems = {claim.id: what for claim, what in problems_of(file)}
            for claim in file.file.claims:
                table = tables.get(claim.id)
                yield ClaimPlan(
                    str(file.file.path),
                    self.plan.spec,
                    claim.id,
                    claim.text,
                    kind_of(claim.sentence).name,
                    table.effects if table is not None else (),
                    table.said if table is not None else None,
                    problems.get(claim.id),
                )

    def _tables(self, file: FilePlan, asked: AskedEffect | None) -> Mapping[str, EffectPlan]:
        source = self.plan.source
        searched = searched_in(file.file, source.facts()) if source is not None else {}
        found: dict[str, EffectPlan] = {}
        for name, reach in reach_of(file.file, searched or None).items():
            if (
                reach.planning is None
                or name in file.errors
                or (asked is None and reach.p_for > file.file.alpha)
            ):
                continue
            table = (
                reach.planning.table(reach.level)
                if asked is None
                else reach.planning.of_effect(asked, reach.level)
            )
            if table is not None:
                found[name] = table
        return found


def run_plan(plan: ModelPlan, ways: Ways) -> RunPlan:
    """Return what a run of a planned model takes; raise NeuronClaimsError where a pilot of it cannot run."""
    source = plan.source
    if source is None or plan.missing is not None:
        return RunPlan(plan, None)
    return RunPlan(plan, forecast(source, plan.needs, _lengths(plan, ways), plan.weights, ways))


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
