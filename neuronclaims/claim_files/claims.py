"""A claim file as it was read: plain frozen data, with its places."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeAlias

from typing_extensions import TypeVar

from neuronclaims.claim_files.directions.direction import Direction, Probe
from neuronclaims.claim_files.errors import Place
from neuronclaims.claim_files.prompts.columns import of_side
from neuronclaims.foreign_files.witness import FilesSeen
from neuronclaims.loading.settings import UNSAID_BLOCK, LoadBlock
from neuronclaims.prompts import LabelledStretch, PromptInput
from neuronclaims.prompts.sampling import Sampling
from neuronclaims.publications import FindingAccount, Publication, ReportedNumber
from neuronclaims.sentences.options import Options
from neuronclaims.sentences.subjects.layers import Layers
from neuronclaims.sentences.subjects.neuron_sets import NeuronSet
from neuronclaims.set_accounts import DataAccount, RowsTaken, SetAccount
from neuronclaims.sites import Site
from neuronclaims.tokens.spans import Span, rule_text, span_of

SentenceT = TypeVar("SentenceT", covariant=True, default=Any)
OptionsT = TypeVar("OptionsT", bound=Options, covariant=True, default=Any)

Expectation: TypeAlias = Literal["supported", "refuted", "inconclusive"]
IfMissing: TypeAlias = Literal["fail", "skip"]
Series: TypeAlias = Literal["closed", "open"]


@dataclass(frozen=True, slots=True)
class Tokens:
    """The positions of a text that count (``span``), and how they become one number per prompt (``pool``).

    ``pool`` is ``first``, ``last``, ``mean``, ``max`` or ``token N``.
    """

    pool: str
    span: Span

    def __init__(self, pool: str, span: Span | str) -> None:
        object.__setattr__(self, "pool", pool)
        object.__setattr__(self, "span", span_of(span))

    def __str__(self) -> str:
        return rule_text(self.pool, self.span)

    @property
    def ends_prompts(self) -> bool:
        """Whether the last token of a prompt is the one that is read."""
        return self.pool == "last" and (self.span.part == "prompt" or self.span.after)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt, with what belongs to it; ``source`` says where it stands, such as ``prompts/x.csv:12``.

    ``text`` is the item of ``prompts.PromptInput``: the text itself, or a chat as one str. ``columns`` are the texts of
    its row by which claims of the file read tokens; ``labels`` are the stretches of it that somebody labelled, None
    where its set has no labels.
    """

    text: str
    source: str
    id: str | None = None
    group: str | None = None
    pair: str | None = None
    block: str | None = None
    columns: tuple[tuple[str, str], ...] = ()
    labels: tuple[LabelledStretch, ...] | None = None

    @property
    def labelled_item(self) -> str:
        """What stands for the prompt with its labels; without any, its text."""
        return PromptInput.of(self.text).with_labels(self.labels).item if self.labels else self.text

    def item(self, names: Collection[str]) -> str:
        """Return what stands for the prompt where its tokens are read by some columns; its text where by none."""
        return PromptInput.of(self.text).with_spans(dict(self.columns), names).item if names else self.text


@dataclass(frozen=True, slots=True)
class PromptSet:
    """A named list of different prompts; either all have a group or none, and likewise for pairs and blocks.

    ``graded_by`` is the SHA-256 of the model whose answers these are, where the file says that they are graded answers.
    ``account`` says what became of its rows and what its texts share; it is there for sets that were read. ``columns``
    are all columns its rows have.
    """

    name: str
    prompts: tuple[Prompt, ...]
    place: Place
    graded_by: str | None = None
    account: SetAccount | None = field(default=None, compare=False, repr=False)
    columns: tuple[str, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PromptPair:
    """A clean and a corrupted text, which differ; ``source`` says where they stand, ``columns`` are as in a prompt."""

    clean: str
    corrupted: str
    source: str
    id: str | None = None
    group: str | None = None
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def prompts(self) -> tuple[Prompt, Prompt]:
        """The two texts as prompts, each with its own columns: ``clean_subject`` is the clean text's ``subject``."""
        clean, corrupted = (
            Prompt(text, self.source, self.id, self.group, columns=of_side(self.columns, side))
            for side, text in (("clean", self.clean), ("corrupted", self.corrupted))
        )
        return clean, corrupted


@dataclass(frozen=True, slots=True)
class PairSet:
    """A named list of different pairs; all have a group or none; what else it has is as in a set."""

    name: str
    pairs: tuple[PromptPair, ...]
    place: Place
    graded_by: str | None = None
    account: SetAccount | None = field(default=None, compare=False, repr=False)
    columns: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def prompts(self) -> tuple[Prompt, ...]:
        """Return the texts of all pairs as prompts: the clean text of each pair, then its corrupted text."""
        return tuple(prompt for pair in self.pairs for prompt in pair.prompts)


@dataclass(frozen=True, slots=True)
class Discovery:
    """The prompts a neuron was found on: ``names`` are the sets and files named, ``prompts`` all different ones.

    ``taken`` says which rows of the files named were taken.
    """

    names: tuple[str, ...]
    prompts: tuple[Prompt, ...]
    taken: tuple[RowsTaken, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Settings(Generic[OptionsT]):
    """The settings by which one claim is measured and judged, with the defaults of the file filled in.

    ``searched`` says from which layers the neuron was picked on the prompts that test it, None where it was not.
    ``generate`` is the number of new tokens, None when nothing is generated; ``sampling`` says how they are drawn, None
    when they are greedy. ``resamples`` is None where the
    file leaves it to the test. ``xfail`` and ``skip`` hold the reason given, None when the claim is neither.
    ``options`` is an instance of the model that the claim's kind declares. ``drift`` is the share of its effect
    by which it may change from one model to the next, None where the file does not say. ``source`` is where the claim
    comes from and ``reported`` the number given there; both are told, and nothing is judged by them.
    """

    site: Site
    tokens: Tokens
    generate: int | None
    resamples: int | None
    seed: int
    searched: Layers | None
    expect: Expectation
    because: str | None
    tags: tuple[str, ...]
    xfail: str | None
    skip: str | None
    options: OptionsT
    drift: float | None = None
    sampling: Sampling | None = field(default=None, repr=False)
    source: Publication | None = field(default=None, compare=False, repr=False)
    reported: ReportedNumber | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Claim(Generic[SentenceT, OptionsT]):
    """One claim: ``sentence`` is the dataclass its kind declared, ``text`` the canonical sentence.

    A kind that writes ``Claim[Ablating, AblationOptions]`` sees its own sentence and its own options; ``Claim`` alone
    stands for claims of any kind.

    ``sets`` holds the prompt sets that the sentence and the options name, by name, ``pairs``, ``directions`` and
    ``neuron_sets`` those that the sentence names; ``data`` is the account of their texts. ``discovered`` are the
    prompts its neuron was found on, none of which is among those tested, or None where the file does not say.
    ``graded`` are the sets and pairs of graded answers that it rests on, those that its directions were made from
    included: by name, the fingerprint of the model that gave the answers.
    """

    id: str
    place: Place
    sentence: SentenceT
    text: str
    settings: Settings[OptionsT]
    sets: Mapping[str, PromptSet]
    discovered: Discovery | None = None
    pairs: Mapping[str, PairSet] = field(default_factory=dict)
    directions: Mapping[str, Direction] = field(default_factory=dict)
    probes: Mapping[str, Probe] = field(default_factory=dict)
    graded: Mapping[str, str] = field(default_factory=dict)
    neuron_sets: Mapping[str, NeuronSet] = field(default_factory=dict)
    data: DataAccount = field(default=DataAccount(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReadFrom:
    """What a claim file was read from: the ``seen`` files, its own among them, and where such files may lie.

    ``text`` is a hash of the text of claims that are in no file.
    """

    seen: FilesSeen
    root: str
    allowed: tuple[str, ...]
    text: str = ""


@dataclass(frozen=True, slots=True)
class ClaimFile:
    """A whole claim file: its claims in the file's order, the models, and how the family is judged.

    ``digest`` is a SHA-256 of all that the file means, its prompts included: comments, layout and the file's place do
    not change it. ``if_missing``, no part of it, says what the claims do on a model that is not on the machine.
    ``series`` says that the models are looks of one series, in their order, with a known end or without; None where
    each is judged by itself. ``load`` says how the models are loaded, ``places`` where those are that have a name of
    their own. ``read_from`` are the files that it was read from; None where it was made by hand. ``source`` is what
    the file tells of the finding behind its claims.
    """

    path: Path
    models: tuple[str, ...]
    alpha: float
    correction: str
    sets: Mapping[str, PromptSet]
    claims: tuple[Claim, ...]
    digest: str
    pairs: Mapping[str, PairSet] = field(default_factory=dict)
    directions: Mapping[str, Direction] = field(default_factory=dict)
    if_missing: IfMissing = "fail"
    series: Series | None = None
    load: LoadBlock = UNSAID_BLOCK
    places: Mapping[str, str] = field(default_factory=dict)
    read_from: ReadFrom | None = field(default=None, compare=False, repr=False)
    source: FindingAccount | None = field(default=None, compare=False, repr=False)

    def where(self, model: str) -> str:
        """Return where a model is, by its name here: ``demo``, a folder, or a hub id."""
        return self.places.get(model, model)
