"""A package of its own with a measurement, a site and a report writer, and the kind that asks for them.

    neuron 2:5 of the gates is above 0.5 at the end of texts

``attn_in`` is where attention reads the residual stream: a site that neuronclaims does not have. The measurement is the
value there at the last token, by a worker of its own. The report writer lists the verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from neuronclaims import stats
from neuronclaims.kinds.kind import Attainable, Finding, Sample, Statement
from neuronclaims.kinds.shared.requests import in_order, texts_of
from neuronclaims.measurements.measurement import Description, TextRequest
from neuronclaims.models.architectures import HookPoint
from neuronclaims.results import Selection
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import Template

ATTENTION_INPUT = {"gpt2": HookPoint("attn.c_attn", "input")}
SHARE = stats.EffectSize("share_above", "share of prompts above", scale="share")


@dataclass(frozen=True)
class LastValue:
    """The value of every neuron of a layer at a site, at the last token: float32 [prompts, width]."""

    site: str
    layer: int
    prompts: tuple[str, ...]
    reader: ClassVar[str | None] = None

    @property
    def request(self):
        return TextRequest(LastValueNeed(self.site, self.layer), self.prompts)

    @property
    def description(self):
        return Description("last values", self.site, layers=(self.layer,), texts=("prompts", self.prompts))

    @property
    def tokens_named(self):
        return ()

    def check(self, facts):
        pass

    def check_lengths(self, lengths):
        for prompt in self.prompts:
            lengths.check_length(prompt)


@dataclass(frozen=True)
class LastValueNeed:
    site: str
    layer: int
    work: ClassVar[str] = "last value"
    text: ClassVar[str] = "prompt"
    worker: ClassVar[str] = "gates:read_last"

    def __str__(self):
        return f"gates/{self.site}/{self.layer}"

    @property
    def new_tokens(self):
        return 0

    @property
    def places(self):
        return ((self.site, self.layer),)

    def width(self, facts):
        return facts.widths[self.site]

    def check(self, facts):
        facts.check_place(self.site, self.layer)

    def cost(self, needs, texts, facts):
        yield "last values", float(texts)


def read_last(ready, job, options):
    """Run each text by itself and keep what passes the site at its last token."""
    import torch

    from neuronclaims.models.running.encode import encode
    from neuronclaims.models.running.hooks import traced
    from neuronclaims.models.running.worker import Finished, running

    rows = encode(ready, job.items, 0)

    def batches():
        for row in rows:
            ids = torch.tensor([row.ids], device=ready.device)
            places = [(need.site, need.layer) for need in job.needs]
            with running(ready, "on a text"), traced(ready, ids.shape, retain=places) as kept:
                ready.model(input_ids=ids)
            values = {
                need: kept[place][0, -1:].numpy() for need, place in zip(job.needs, places, strict=True)
            }
            yield Finished((row.prompt,), values)

    return batches()


@dataclass(frozen=True)
class Above:
    neuron: Neuron
    bound: float
    first: str


class AboveKind:
    name = "above"
    template = Template(
        "neuron {neuron:neuron} of the gates is above {bound:number} at the end of {first:set}", Above
    )

    def attainable(self, claim):
        count = len(claim.sets[claim.sentence.first].prompts)
        return Attainable(0.5**count, f"{count} prompts")

    def joint_test_key(self, claim):
        return None

    def needs(self, claim, facts):
        return (self._need(claim),)

    def judge(self, claim, answers, family):
        said = claim.sentence
        values = answers[self._need(claim)][:, said.neuron.index]
        count = int((values > said.bound).sum())
        made = stats.share_estimate(count, len(values))
        return Finding(
            estimate=stats.Estimate(SHARE, made.value, made.low, made.high, made.level, made.method),
            statement=Statement("greater", 0.5, None, "more than half"),
            test=stats.share_test(count, len(values), null=0.5, alternative="greater", unit="prompt"),
            sample=Sample("prompt", ((said.first, len(values)),)),
            selection=Selection("beforehand"),
        )

    def _need(self, claim):
        prompts = texts_of(in_order(claim.sets[claim.sentence.first]))
        return LastValue("attn_in", claim.sentence.neuron.layer, prompts)


ABOVE = AboveKind()


class VerdictsWriter:
    place = "report"

    def write(self, path, account):
        file = path / "verdicts.txt"
        lines = [f"{entry.result.id} {entry.result.verdict}" for entry in account.entries]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file
