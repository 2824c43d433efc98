"""Find the model that a claim file names: a Source."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from neuronclaims.loading.settings import DEFAULTS, UNSAID, LoadSettings
from neuronclaims.measurements import ModelFacts
from neuronclaims.measurements.errors import MissingModelError, ModelError, shorten, told_as
from neuronclaims.models.bringing.adapters import Adapter, adapter_files, find_adapter, is_adapter
from neuronclaims.models.bringing.configs import notes_of
from neuronclaims.models.bringing.handed import LoadedModel as LoadedModel
from neuronclaims.models.bringing.handed import ModuleModel
from neuronclaims.models.bringing.locating import DEMO, locate
from neuronclaims.models.bringing.locating import label as label
from neuronclaims.models.bringing.objects import config_of, has_head, unwrapped
from neuronclaims.models.facts import Config, architecture_of, context_length, model_facts, read_config
from neuronclaims.models.hub import short
from neuronclaims.models.identity.code import patched_library
from neuronclaims.models.identity.fingerprint import (
    Fingerprint,
    fingerprint_folder,
    fingerprint_loaded,
    state_of,
)
from neuronclaims.models.identity.folder_files import check_followed, has_weights, weight_files
from neuronclaims.models.identity.objects import ObjectIdentity
from neuronclaims.models.identity.surroundings import surroundings
from neuronclaims.models.number_types import stored_type
from neuronclaims.models.options import RunOptions
from neuronclaims.models.structure.architecture import Architecture
from neuronclaims.models.structure.finding import derived_architecture


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A model that was found, not yet loaded.

    ``spec`` is what it was asked for by, ``name`` a short label fit for a pytest node id. Exactly one of
    ``folder`` (of a model in Hugging Face format) and ``loaded`` is given. ``load`` is what the claim file says of how
    it is loaded. ``folder`` may hold an ``adapter``, whose base is another one.
    """

    spec: str
    name: str
    config: Config
    folder: Path | None = None
    loaded: LoadedModel | None = None
    load: LoadSettings = UNSAID
    adapter: Adapter | None = None
    architecture: Architecture = field(init=False)

    def __post_init__(self) -> None:
        """Find the architecture: in the table, or derived from the model's modules."""
        model = self.loaded.model if self.loaded is not None else None
        own = getattr(model, "own_architecture", None)
        found = own if isinstance(own, Architecture) else architecture_of(self.config, self.spec)
        if found is None:
            found = derived_architecture(self.config, self.spec, self.model_folder, model)
        object.__setattr__(self, "architecture", found)

    @property
    def model_folder(self) -> Path | None:
        """The folder with config.json and the weights: of an adapter, its base's."""
        return self.adapter.base if self.adapter is not None else self.folder

    @property
    def tokenizer_folder(self) -> Path | None:
        """The folder with the tokenizer's files."""
        return self.adapter.tokenizer if self.adapter is not None else self.folder

    def loading(self, options: RunOptions) -> LoadSettings:
        """Return how it is loaded, every setting filled in: options count before the claim file.

        Raises ModelError where the number type is to be its own, and none that is known is named.
        """
        found = options.load.over(self.load).over(DEFAULTS)
        if self.architecture.derived is not None and self.architecture.derived.attention:
            found = replace(found, attention=self.architecture.derived.attention)
        if found.dtype != "auto" or self.model_folder is None:
            return found
        return replace(found, dtype=stored_type(self.config, self.model_folder, self.spec))

    def facts(self) -> ModelFacts:
        """Return what the model's architecture and configuration tell."""
        found = model_facts(self.architecture, self.config, self.name, self.spec)
        headless = self.loaded is not None and found.causal and not has_head(self.loaded.model)
        return replace(found, causal=False) if headless else found

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of results should know of how it was read."""
        own = notes_of(self.config, self.name) if self.folder is not None else ()
        derived = self.architecture.derived
        forced = derived.attention if derived is not None and self.folder is not None else ""
        said = f"{self.name} runs with attention '{forced}': {self.architecture.name} is right with no other."
        return (*own, *([said] if forced else []), *([self.adapter.note] if self.adapter is not None else ()))

    @property
    def context(self) -> int:
        """The most positions a text may have in this model."""
        return context_length(self.architecture, self.config, self.spec)

    def fingerprint(
        self, memory: Path | None = None, hashing: Callable[[], None] | None = None
    ) -> Fingerprint:
        """Return the content hashes of weights and tokenizer; ``memory`` keeps those of unchanged files.

        ``hashing`` is called where files must be read for it.
        """
        if self.loaded is not None:
            with told_as(
                ModelError, f"The object handed over for model {self.spec!r} cannot be told from others"
            ):
                return fingerprint_loaded(self.loaded.model, self.loaded.tokenizer)
        assert self.folder is not None
        found = fingerprint_folder(self.folder, memory, hashing, self.adapter)
        strange = (patched_library(str(self.config.get("model_type"))), *surroundings().unknown)
        return replace(found, unknown=next((each for each in strange if each is not None), None))

    def state(self) -> ObjectIdentity | None:
        """Return a checksum that changes when a model handed over does; None for a folder, known by its files."""
        return state_of(self.loaded.model, self.loaded.tokenizer) if self.loaded is not None else None


def open_model(
    spec: str,
    base: Path,
    given: Mapping[str, LoadedModel | Path] | None = None,
    *,
    weights: bool = True,
    load: LoadSettings = UNSAID,
    download: bool = False,
    where: str | None = None,
) -> Source:
    """Find the model a claim file names: a name in ``given``, ``demo``, a folder, or a hub id on disk.

    ``where`` is where the model is if its name does not say it; ``given`` maps names to models or to their folders.
    Other folders are relative to ``base``, the folder of the claim file. Only small files are read. ``load`` is what
    the claim file says of how it is loaded; with ``download`` a hub id that is not on disk is fetched. Raises
    MissingModelError for a model that is not on this machine, another ModelError for one that cannot be measured or,
    where ``weights`` are wanted, has no safetensors weights.
    """
    handed = given[spec] if given and spec in given else None
    if isinstance(handed, LoadedModel):
        with told_as(ModelError, f"The object handed over for model {spec!r} cannot be used"):
            if isinstance(handed, ModuleModel):
                model, tokenizer = handed.opened(spec)
            else:
                model, tokenizer = unwrapped(handed.model, handed.tokenizer, spec)
            config = config_of(model, tokenizer, spec)
            source = Source(spec, label(spec), config, loaded=LoadedModel(model, tokenizer))
    else:
        folder = (
            _folder_of(spec, handed)
            if given and spec in given
            else locate(where or spec, base, download and weights)
        )
        adapter = (
            find_adapter(folder, spec, lambda named: locate(named, base, download and weights))
            if is_adapter(folder)
            else None
        )
        whole = adapter.base if adapter is not None else folder
        source = Source(
            spec, label(spec, folder), read_config(whole), folder=folder, load=load, adapter=adapter
        )
        check_followed(whole)
        if weights:
            _check_weights(spec, whole)
            if adapter is not None:
                adapter_files(folder)
    source.facts()
    return source


def _folder_of(spec: str, handed: object) -> Path:
    if isinstance(handed, (str, Path)):
        with told_as(ModelError, f"The folder handed over for model {spec!r} cannot be looked for"):
            if Path(handed).is_dir():
                return Path(handed)
            if str(handed) == DEMO:
                return locate(DEMO, Path())
        raise ModelError(
            f"What is handed over for model {spec!r} names no folder: {shorten(str(handed))}. Give the path of a "
            "folder with config.json in it, 'demo', or LoadedModel(model, tokenizer)."
        )
    meant = " Write LoadedModel(model, tokenizer)." if isinstance(handed, (tuple, list)) else ""
    raise ModelError(
        f"What is handed over for model {spec!r} is a {type(handed).__name__}, neither a LoadedModel nor a "
        f"folder.{meant}"
    )


def _check_weights(spec: str, folder: Path) -> None:
    """Raise ModelError where weights are missing; a hub's snapshot without any was never downloaded."""
    try:
        weight_files(folder)
    except ModelError as error:
        if folder.parent.name == "snapshots" and not has_weights(folder):
            raise MissingModelError(str(error), short(spec)) from None
        raise
