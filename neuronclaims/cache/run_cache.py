"""The run cache: values measured once are read back, and damaged ones never.

Values are filed by content. A context (weights, tokenizer, options, code) has a folder of immutable shards;
the listing of the folder is the index. No lock is needed to be right, only to avoid measuring the same thing
twice.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.cache import layout
from neuronclaims.cache.trust import of_others, written_by_others
from neuronclaims.measurements.errors import CacheError, RunWarning
from neuronclaims.models.architectures import defined_elsewhere
from neuronclaims.models.bringing.adapters import peft_version
from neuronclaims.models.bringing.configs import quantised_by
from neuronclaims.models.bringing.offloaded import sort_of_devices
from neuronclaims.models.identity.fingerprint import Fingerprint
from neuronclaims.models.identity.surroundings import surroundings
from neuronclaims.models.options import PLAIN, RunOptions
from neuronclaims.models.sources import Source

if TYPE_CHECKING:
    from neuronclaims.cache.context import Context

MEASURING_VERSION = 2
"""Raised whenever this package measures anything differently: older values are then not read again."""

LIBRARIES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class RunCache:
    """A run cache in ``folder``, which is made when first written to; a link to a folder is resolved once, here.

    A cache that others may have written into is not used unless ``trust`` says so (docs/reliability.md).

    >>> RunCache(Path(".neuronclaims")).fingerprints.name
    'fingerprints'
    """

    folder: Path
    trust: bool = False
    _standing: list[str | None] = field(default_factory=list, init=False, repr=False, compare=False)
    _astray: bool = field(default=False, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Resolve a link, which must lead to an empty folder or to a cache."""
        if layout.is_link(self.folder):
            with suppress(OSError, RuntimeError):
                object.__setattr__(self, "folder", self.folder.resolve())
            astray = bool(layout.entries(self.folder)) and not layout.is_marked(self.folder)
            object.__setattr__(self, "_astray", astray)

    @property
    def distrust(self) -> str | None:
        """Why the cache is not used, in words that follow its name; None where it is. Looked at once."""
        if not self._standing:
            self._standing.append(None if self.trust else of_others(self.folder))
        return self._standing[0]

    @property
    def fingerprints(self) -> Path | None:
        """Where hashes of unchanged model files are remembered; None where this cache is not used."""
        path = self.folder / layout.FINGERPRINTS
        return None if self._astray or self.distrust or layout.is_link(path) else path

    @property
    def verdicts(self) -> Path | None:
        """Where verdicts are kept; None where this cache is not used."""
        path = self.folder / layout.VERDICTS
        return None if self._astray or self.distrust or layout.is_link(path) else path

    def context(
        self, context: str, about: Mapping[str, str] | None = None, store: str = PLAIN
    ) -> Context | None:
        """Return the part of the cache that holds the values of one context; ``about`` says in words which.

        ``store`` is the number type in which it keeps activations.

        None, with a warning, for a cache that others may have written into. Raises CacheError for links inside it, and
        for a link to a folder of other things.
        """
        if self._astray:
            raise CacheError(
                f"The run cache is a link to {self.folder}, where other things lie and no {layout.README} says that it "
                "is a cache. Let the link lead to an empty folder, or name one (--claims-cache=DIR)."
            )
        from neuronclaims.cache.context import Context  # NumPy, which known verdicts need not

        found = Context(self.folder, context, about or {}, store)
        layout.check_plain(self.folder, layout.ACTIVATIONS, found.folder.name)
        why = self.distrust
        if why is None and not self.trust:
            kept = (*layout.files(found.folder, layout.SHARD), *layout.files(found.folder, layout.FAILED))
            why = written_by_others([found.folder, *kept])
        if why is None:
            return found
        warnings.warn(untrusted(self.folder, why), RunWarning, stacklevel=3)
        return None


def untrusted(folder: Path, why: str) -> str:
    """Say that a cache is not used, and how to allow it."""
    return (
        f"The run cache in {folder} is not used: {why}, so its values may not be what a model gave. Everything is "
        "measured, and nothing kept there. If you trust whoever wrote it, say --claims-trust-cache (setting "
        "claims_trust_cache, in Python trust_cache=True); otherwise name another folder (--claims-cache=DIR)."
    )


def context_key(source: Source, options: RunOptions, fingerprint: Fingerprint) -> str:
    """Return the hash of everything but the prompt that a measured value depends on. Needs no torch."""
    brought = defined_elsewhere(source.architecture)
    parts = {
        "measuring": MEASURING_VERSION,
        "weights": fingerprint.weights,
        "tokenizer": fingerprint.tokenizer,
        **_how(source, options),
        **({"brought": brought} if brought else {}),
        "libraries": _versions(version),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def context_about(source: Source, options: RunOptions) -> dict[str, str]:
    """Say in words what a context belongs to."""
    return {
        "model": source.name,
        **_how(source, options),
        **_versions(version),
    }


@cache
def _versions(version_of: Callable[[str], str]) -> dict[str, str]:
    """Return the versions of the libraries that values depend on; they stay the same while a process runs."""
    return {name: version_of(name) for name in LIBRARIES}


def _how(source: Source, options: RunOptions) -> dict[str, str]:
    """Return the number type, the attention implementation and the sort of device that a model computes with.

    How its parts are split over devices changes no value (ADR 79). What ``auto`` finds is not known before torch is
    loaded, so it is a device of its own here.
    """
    again = {"measured": "again, otherwise batched"} if options.again else {}
    again |= {"activations kept in": options.store} if options.store != PLAIN else {}
    again |= {f"torch: {name}": value for name, value in surroundings().settings.items()}
    if source.loaded is None:
        loading = source.loading(options)
        return {
            "dtype": str(loading.dtype),
            "attention": str(loading.attention),
            "device": loading.computes_on,
            **({"adapter: peft": peft_version()} if source.adapter is not None else {}),
            **{f"quantised: {name}": each for name, each in quantised_by(source.config).items()},
            **again,
        }
    model = source.loaded.model
    dtype, attention = str(model.dtype).removeprefix("torch."), str(model.config._attn_implementation)
    return {"dtype": dtype, "attention": attention, "device": sort_of_devices(model), **again}
