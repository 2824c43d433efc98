"""What a claim file may hold: every key, its type and its bounds. Values arrive as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    Field,
    SkipValidation,
    create_model,
)
from pydantic.fields import FieldInfo

from neuronclaims.claim_files.claims import Expectation, IfMissing, Series
from neuronclaims.claim_files.dictionaries.entries import DictionaryEntry
from neuronclaims.claim_files.directions.entries import (
    DirectionEntry,
    NeuronsProbeEntry,
    StoredDirectionEntry,
    StoredProbeEntry,
)
from neuronclaims.claim_files.entries import (
    FilePairs,
    FileSet,
    Listed,
    ListedPairs,
    ListedSet,
    PairEntry,
    Text,
)
from neuronclaims.claim_files.generation.keys import Generate
from neuronclaims.claim_files.load.keys import Load
from neuronclaims.claim_files.load.models import Models
from neuronclaims.claim_files.neuron_sets.entries import NeuronsEntry
from neuronclaims.claim_files.published.keys import FileSourceKeys, ReportedKeys, SourceKeys
from neuronclaims.claim_files.values.types import (
    Correction,
    Identity,
    Name,
    Searched,
    Share,
    Site,
    Tags,
    TokenRule,
    Version,
)
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.sentences.messages import either, quoted
from neuronclaims.sentences.options import OneOf, OptionError, Options, declared_options, set_paths
from neuronclaims.sentences.templates import Template

P = TypeVar("P", bound=FileMapping)


class Reason(FileMapping):
    """Why a claim is skipped or expected to fail."""

    reason: Text = Field(description="Why, for the reader of the report.")


Discovered = Annotated[
    Text | FileSet | Annotated[list[Text | FileSet], Field(min_length=1)],
    SkipValidation,  # read from its nodes instead, where every name and file has its place
]


class SettingsKeys(FileMapping):
    """Settings of all claims of a file, or of one claim that gives its own."""

    site: Site | None = Field(
        None,
        description="Where neurons are read, by TransformerLens name; required for every claim.",
    )
    tokens: TokenRule | None = Field(
        None,
        description="Which token positions count, and how they are pooled; required for every claim.",
    )
    generate: Generate | None = Field(
        None,
        description="How prompts are continued; required where tokens are of 'generated' or 'emitting', "
        "and by claims of continuations.",
    )
    resamples: int | None = Field(
        None,
        ge=99,
        le=100_000_000,
        description="How many arrangements to draw where they cannot all be enumerated.",
    )
    seed: int | None = Field(None, ge=0, le=2**63 - 1, description="Seed of everything drawn at random.")
    discovered_on: Discovered | None = Field(
        None, description="The prompts the neuron was found on, sets or files; none of them may test it."
    )
    searched: Searched | None = Field(
        None,
        description="The layers the neuron was picked from on these same prompts: layer 11, layers 3 to 8, all layers.",
    )


class _Opening(FileMapping):
    """The keys that a claim file begins with; a base of their own so that listings begin with them, too."""

    version: Version = Field(description="The version of the claim file format: 1.")
    models: Models = Field(
        description="Each claim is tested on each: demo, a local folder, a Hugging Face name@revision; "
        "{ours: FOLDER} gives one a name."
    )
    load: Load | None = Field(
        None,
        description="How the models are loaded: dtype, device or device_map, attention; 'models' has what is of one.",
    )
    if_missing: Annotated[IfMissing, OneOf("way to treat a missing model")] = Field(
        "fail",
        description="What its claims do where a model is not on this machine: fail (default) or skip.",
    )
    series: Annotated[Series, OneOf("series")] | None = Field(
        None,
        description="The models are checkpoints of one series, in this order, judged as one test: closed, or open if "
        "more will come.",
    )


class _Family(FileMapping):
    """How the claims of a file are judged together."""

    alpha: float = Field(0.05, gt=0, lt=1, description="The level of significance, after correction.")
    correction: Correction = Field(
        "holm", description="How p-values are corrected over the claims of this file."
    )


class Header(_Family, SettingsKeys, _Opening):
    """The keys at the top of a claim file, besides its prompts, directions and claims."""

    source: FileSourceKeys | None = Field(
        None, description="The publication that the claims come from, and what is to be told of its finding."
    )


class _Sentence(FileMapping):
    """The keys of a claim besides its settings."""

    claim: Text = Field(description="The claim, as one sentence.")
    id: Identity | None = Field(
        None, description="Its name on the command line and in reports; made from the sentence if absent."
    )
    expect: Annotated[Expectation, OneOf("verdict")] = Field(
        "supported", description="The verdict that makes the test pass."
    )
    because: Text | None = Field(
        None, description="Where the claim comes from, or why it is expected to come out so."
    )
    source: SourceKeys | None = Field(
        None, description="The publication that the claim comes from, where it is not the file's."
    )
    reported: ReportedKeys | None = Field(
        None,
        description="The number that it gives; shown beside what is found, never an input of the verdict.",
    )
    drift: Share | None = Field(
        None,
        description="The share of its effect by which it may change from one model to the next and still hold: 20%.",
    )
    tags: Tags | None = Field(None, description="Names to select claims by.")
    xfail: Reason | None = Field(
        None, description="The claim is known not to come out as expected; if it does, the run fails."
    )
    skip: Reason | None = Field(None, description="The claim is not tested.")


class ClaimEntry(SettingsKeys, _Sentence):
    """One claim with options of its own."""


SECTIONS = ("sets", "pairs", "directions", "probes", "neurons", "dictionaries", "claims")
"""The keys of a claim file that hold entries, each read by itself."""


class _Sections(FileMapping):
    """The named entries of a claim file."""

    sets: dict[Name, Annotated[Listed, Field(min_length=1)] | ListedSet | FileSet] | None = Field(
        None, description="The prompt sets, by the name that sentences call them."
    )
    pairs: dict[Name, Annotated[list[PairEntry], Field(min_length=1)] | ListedPairs | FilePairs] | None = (
        Field(
            None, description="Pairs of a clean and a corrupted text, by the name that sentences call them."
        )
    )
    directions: dict[Name, DirectionEntry | StoredDirectionEntry] | None = Field(
        None, description="Directions in activation space, by the name that sentences call them."
    )
    probes: dict[Name, StoredProbeEntry | NeuronsProbeEntry] | None = Field(
        None, description="Linear probes that were trained elsewhere, by the name that sentences call them."
    )
    neurons: dict[Name, NeuronsEntry] | None = Field(
        None, description="Sets of neurons, by the name that sentences call them."
    )
    dictionaries: dict[Name, DictionaryEntry] | None = Field(
        None, description="Sparse dictionaries whose latents sentences name: latent NAME:1234."
    )


@dataclass(frozen=True, slots=True)
class FileSchema:
    """The keys of claim files about some kinds of claim, their options included.

    ``header`` and ``claim`` have all options, each left out where it is not given. ``options`` are their names,
    ``set_options`` where prompt sets are named in them.
    """

    header: type[Header]
    claim: type[ClaimEntry]
    options: tuple[str, ...]
    set_options: tuple[tuple[str, ...], ...]

    @classmethod
    def of(cls, templates: Sequence[Template[Any]]) -> FileSchema:
        """Return the keys of files whose claims may have some templates.

        Raises OptionError where two of them declare one option differently, or one takes a key that there is already.
        """
        return _file_schema(
            tuple(dict.fromkeys((template.shape, template.options) for template in templates))
        )

    @property
    def top_keys(self) -> tuple[str, ...]:
        """Return all keys at the top of a file, in the order in which they are listed."""
        return (*Header.model_fields, *SECTIONS, *self.options)

    @property
    def whole_file(self) -> type[BaseModel]:
        """Return the model of a whole file, for editors."""
        claims = Field(description="The claims: sentences, or mappings with a sentence under 'claim'.")
        described = "A file of claims about neurons, tested together as one family."
        entries: Any = Annotated[list[Text | self.claim], Field(min_length=1)]  # type: ignore[name-defined]
        return create_model(
            "WholeFile", __base__=(_Sections, self.header), __doc__=described, claims=(entries, claims)
        )


@cache
def _file_schema(declared: tuple[tuple[str, type[Options]], ...]) -> FileSchema:
    fields = declared_options({quoted(shape): options for shape, options in declared})
    if taken := sorted({*fields} & {*Header.model_fields, *ClaimEntry.model_fields, *SECTIONS}):
        raise OptionError(f"no option can be called {either(taken)}: that is a key of every claim file")
    paths = dict.fromkeys(path for _, options in declared for path in set_paths(options))
    return FileSchema(
        _with_options(Header, fields), _with_options(ClaimEntry, fields), tuple(fields), tuple(paths)
    )


def _with_options(base: type[P], fields: Mapping[str, FieldInfo]) -> type[P]:
    """Return a model with its own keys and all options; every option may be left out."""
    optional: dict[str, Any] = {}
    for name, info in fields.items():
        declared: Any = info.annotation
        for mark in info.metadata:
            declared = Annotated[declared, mark]
        optional[name] = (declared | None, Field(None, description=info.description))
    return create_model(base.__name__, __base__=base, __doc__=base.__doc__, **optional)
