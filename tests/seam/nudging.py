"""A package of its own with one kind of claim, in this one file: a neuron is nudged, and a prediction rises.

    nudging neuron 3:17 by 5 raises " an" in texts
    nudging neuron 3:17 by 5 does not change " an" in texts       (margin: 0.5)

With ``searched`` the neuron was picked on these texts: every neuron searched is nudged alone, and p allows for it.
It is installed by an entry point of the group ``neuronclaims.kinds``; nothing of neuronclaims knows of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from neuronclaims import stats
from neuronclaims.figures import Distributions, Row
from neuronclaims.kinds.interventions.before_after import BeforeAfter
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.shared.margins import MarginOptions, plain_margin_of
from neuronclaims.kinds.shared.requests import in_order, plain, resamples_of, texts_of
from neuronclaims.kinds.shared.subjects.neurons import check_neuron, rank_of
from neuronclaims.kinds.shared.subjects.selection import layers_needed, selection_notes, selection_of
from neuronclaims.measurements import Ablation, AblationSweep, Prediction
from neuronclaims.measurements.changing.interventions import Add
from neuronclaims.sentences.options import OneOf
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import Template

SIDES = {"raises": "greater", "lowers": "less", "does not change": "two-sided"}
EFFECTS = {
    "logit": stats.EffectSize("nudged_logit", "mean change of the nudged logit"),
    "probability": stats.EffectSize("nudged_probability", "mean change of the nudged probability"),
}


@dataclass(frozen=True)
class Nudging:
    neuron: Neuron
    by: float
    verb: str
    token: str
    first: str
    site: str | None = None


class NudgingOptions(MarginOptions):
    outcome: Annotated[Literal["logit", "probability"], OneOf("outcome")] = Field(
        "logit", description="What of a prediction counts: logit (default) or probability."
    )


class NudgingKind:
    name = "nudging"
    template = Template(
        "nudging [{site:site}] neuron {neuron:neuron} by {by:number} "
        "{verb:raises|lowers|does not change} {token:token} in {first:set}",
        Nudging,
        options=NudgingOptions,
        margin="'margin: 0.5', the change that would matter",
    )

    def attainable(self, claim):
        units = self._units(claim)
        if claim.sentence.verb == "does not change":
            return Attainable(0.0, units.size)
        return Attainable.of(units.planning(SIDES[claim.sentence.verb], "of the changes"), units.size)

    def joint_test_key(self, claim):
        return None

    def needs(self, claim, facts):
        check_neuron(claim.sentence.neuron, claim.settings.site, facts)
        return self._measurement(claim), *self._sweeps(claim, facts)

    def judge(self, claim, answers, family):
        said, options = claim.sentence, claim.settings.options
        need, prompts, units = self._measurement(claim), self._prompts(claim), self._units(claim)
        found = need.columns(units.means(answers[need]))
        before, after = found.before, found.after
        if options.outcome == "probability":
            before, after = found.beside_before, found.beside_after
        seed = stats.seed_from(*texts_of(prompts), purpose="nudging", run_seed=claim.settings.seed)
        swept = LayerSweeps.of(answers, AblationSweep, lambda need, row: units.means(need.columns(row).after))
        searched, neuron = (swept, said.neuron) if swept.layers else (None, None)
        # A defect on purpose, which the shared base is to name.
        neuron = None if "forgets" in claim.settings.tags else neuron
        draws = resamples_of(claim.settings)
        change = BeforeAfter(after, before, units, seed, draws, searched, neuron)
        rank = None
        if searched is not None:
            rank = rank_of(neuron.index, (swept.layers[neuron.layer] - before[:, None]).mean(axis=0), "rise")
        effect, side = EFFECTS[options.outcome], SIDES[said.verb]
        of = f"{options.outcome} of {said.token!r}"
        statement, estimate = Statement(side, 0.0), change.estimate(effect)
        if said.verb == "does not change":
            margin = plain_margin_of(claim, "0.5", "the change that would matter")
            statement = Statement("within", 0.0, margin, f"change it by {margin:g} or more")
            test, nulls = change.within(estimate, margin, "within"), ()
        else:
            test = change.test(family)
            nulls = change.null(test, effect.name)
        selection = selection_of(claim, self._who(claim), change.many)
        rows = Row("before", plain(before)), Row("after", plain(after))
        return Finding(
            estimate=estimate,
            statement=statement,
            test=test,
            sample=Sample(units.unit, ((said.first, len(units.rows)),)),
            selection=selection,
            rank=rank,
            notes=(*selection_notes(selection), *change.warnings),
            figures=(Distributions(of, rows), *nulls),
            units=change.kept(of, prompts),
        )

    def _prompts(self, claim):
        return in_order(claim.sets[claim.sentence.first])

    def _units(self, claim):
        return TextUnits.of([prompt.group for prompt in self._prompts(claim)], "prompt")

    def _who(self, claim):
        return Subject("one", (claim.sentence.neuron,))

    def _sweeps(self, claim, facts):
        if claim.settings.searched is None:
            return ()
        need = self._measurement(claim)
        return tuple(
            AblationSweep(need.site, layer, need.replacement, need.prediction, need.prompts)
            for layer in layers_needed(claim, self._who(claim), facts)
        )

    def _measurement(self, claim):
        said = claim.sentence
        place = (said.neuron.layer, said.neuron.index)
        texts = texts_of(self._prompts(claim))
        return Ablation(claim.settings.site, (place,), Add(said.by), Prediction(said.token), texts)


NUDGING = NudgingKind()
