"""Two templates as kinds of claim declare them, one with every type of field, and claim files made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from neuronclaims.kinds.interventions.damage import DamageOn
from neuronclaims.kinds.logit_readout.value_bins import ValueBins
from neuronclaims.kinds.shared.margins import MarginOptions
from neuronclaims.kinds.top_k.top_k_scores import RankingOptions
from neuronclaims.sentences.numbers import Amount
from neuronclaims.sentences.options import OneOf, Options, PromptSetName, Truth
from neuronclaims.sentences.positions import TokenPositions
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject
from neuronclaims.sentences.templates import FieldError, Template


@dataclass(frozen=True, slots=True)
class Contrast:
    who: Subject
    verb: str
    direction: str
    first: str
    second: str
    by: Amount | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Separation:
    neuron: Neuron
    first: str
    second: str
    auroc: float | None = None
    site: str | None = None

    def __post_init__(self) -> None:
        if self.auroc is not None and not 0 <= self.auroc <= 1:
            raise FieldError("auroc", "an AUROC lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class Everything:
    neurons: tuple[Neuron, ...]
    verb: str
    token: str
    place: str
    count: int | None = None
    share: float | None = None
    number: float | None = None
    by: Amount | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    neurons: tuple[Neuron, ...]
    share: float
    token: str
    pairs: str
    against: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    direction: str
    verb: str
    side: str
    first: str
    second: str
    layers: Layers | None = None
    positions: TokenPositions | None = None


class EverythingOptions(Options):
    replacement: Annotated[Literal["zero", "mean", "resample"], OneOf("replacement")] = "zero"
    reference: PromptSetName | None = None
    damage: DamageOn | None = None
    bins: ValueBins | None = None
    fewest: int | None = Field(None, ge=1)
    centred: Truth = True
    measure: Annotated[Literal["dot", "cosine"], OneOf("measure")] = "dot"
    noise_floor: float | None = Field(None, gt=0)


class ActivityOptions(MarginOptions):
    score: Annotated[Literal["z", "raw", "cosine"], OneOf("score")] = "z"
    forming_threshold: float | None = Field(None, gt=0)


CONTRAST = Template(
    "[{site:site}] {who:subject} {verb:activates|does not activate} {direction:more|less} "
    "for {first:set} than {second:set} "
    "[by at least {by:amount}]",
    Contrast,
    options=MarginOptions,
    margin="'margin: 0.5 sd', the difference that would matter",
)
SEPARATION = Template(
    "[{site:site}] neuron {neuron:neuron} separates {first:set} from {second:set} "
    "[with AUROC at least {auroc:number}]",
    Separation,
)
EVERYTHING = Template(
    "ablating [{site:site}] neurons {neurons:neurons} {verb:lowers|raises} {token:token} in {place:set} "
    "[among the top {count:count} in {share:share} of prompts] [beyond {number:number}] [by {by:amount}]",
    Everything,
    options=EverythingOptions,
)
RESTORATION = Template(
    "restoring [{site:site}] neurons {neurons:neurons} recovers at least {share:share} of {token:token} "
    "[over {against:token}] in {pairs:pairs}",
    Restoration,
    options=RankingOptions,
)
ACTIVITY = Template(
    "{direction:direction} activity {verb:is|is not} {side:higher|lower} for {first:set} than {second:set} "
    "[in {layers:layers}] [over {positions:positions}]",
    Activity,
    options=ActivityOptions,
)
TEMPLATES = (CONTRAST, SEPARATION)
EVERY_TEMPLATE = (*TEMPLATES, EVERYTHING, RESTORATION, ACTIVITY)

HEAD = "version: 1\nmodels: [demo]\nsite: resid_post\ntokens: last of prompt\n"
SETS = "sets:\n  hanoi: [Hanoi is, The city of Hanoi]\n  baseline: [The fox jumps, The window is open]\n"
CLAIM = "neuron 11:365 activates more for hanoi than baseline"

FULL = """\
# yaml-language-server: $schema=../claims.schema.json
version: 1
models: [demo, EleutherAI/pythia-70m@step3000]
site: resid_post
tokens: mean of generated
generate: {max_new_tokens: 20}
alpha: 1e-2
resamples: 1_000
seed: 010
correction: bonferroni
sets:
  hanoi: [no, 11:36, "=", " two  spaces "]
  baseline:
    - {text: The fox jumps, id: 7, group: fox, pair: p1}
    - {text: The window is open, id: 8, group: window, pair: p2}
claims:
  - neuron 11:36 activates more for hanoi than baseline
  - id: second
    claim: mlp_post neuron 3:17 separates hanoi from baseline with AUROC at least 0.80
    tokens: last of prompt
    generate: {max_new_tokens: 5}
    resamples: 99
    seed: 0
    expect: refuted
    because: "seed 0: third histogram"
    tags: [capitals, slow]
    xfail: {reason: known}
  - claim: 'neuron 3:17 activates less for hanoi than baseline'
    site: mlp_post
    tokens: last of emitting
    generate: {max_new_tokens: 5}
    skip: {reason: later}
    tags: capitals
"""

PAIRS = "pairs:\n  fruit: [{clean: an apple, corrupted: a pear, id: 1, group: g}]\n"
LEARNT = "  left: [{text: L1, pair: a}, {text: L2, pair: b}]\n  right: [{text: R2, pair: b}, {text: R1, pair: a}]\n"
RESTORING = 'restoring neurons 3:1 recovers at least 30% of " an" in fruit'
ABLATING = 'ablating neurons 3:1 lowers " an" in hanoi'
ACTIVITY = "city activity is higher for hanoi than baseline"

FULL_OF_KINDS = f"""\
{HEAD}replacement: mean
reference: spare
{SETS}  spare: [Some text]
{LEARNT}{PAIRS}directions:
  city: {{from: [left, right], method: pca of paired differences, neutral: spare}}
  tree: {{from: fruit, method: mean difference}}
claims:
  - {RESTORING}
  - claim: {ABLATING}
    replacement: resample
    damage: {{set: baseline, at_most: 0.5}}
    bins: {{start: -1.0, stop: 1, width: 0.50}}
    fewest: 20
    centred: false
  - id: plain
    claim: {ABLATING}
    damage: spare
  - claim: {ACTIVITY.replace("is", "is not")}
    score: raw
    margin: 0.5 sd
  - claim: some neuron of layers 3 to 8 does not activate more for hanoi than baseline
    margin: 0.1
"""
