"""The run cache: what was measured once is read back, and nothing wrong ever is.

Values are filed by content. A context (weights, tokenizer, options, code) has a folder of immutable shards;
the listing of the folder is the index. No lock is needed to be right, only to avoid measuring the same thing
twice.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuronclaims.cache import shards
from neuronclaims.measurements.errors import CacheError, RunWarning
from neuronclaims.measurements.measurement import Need
from neuronclaims.measurements.plan import Wanted
from neuronclaims.models.architectures import of_other_packages
from neuronclaims.models.facts import architecture_of
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import Source

MEASURING_VERSION = 2
"""Raised whenever this package measures anything differently: older values are then not read again."""

ABOUT, LOCK = "context.json", "measuring.lock"
_LIBRARIES = ("torch", "transformers", "tokenizers")
README = """\
This folder is the run cache of neuronclaims: activations of language models, measured once.

It may be deleted at any time; what is needed will be measured again.
Every folder in activations/ belongs to one combination of weights, tokenizer, number type, device, attention
implementation and library versions: context.json in it says which, in words; its time is when it was last used.
Every .safetensors file is one finished batch and is never changed.
`neuronclaims cache info | verify | prune | clear` looks after it.
fingerprints/ remembers the hashes of unchanged model files. Files ending in .tmp are left over from a
run that was killed, those ending in .damaged did not match their checksum: neither is ever read.
"""


@dataclass(frozen=True, slots=True)
class RunCache:
    """A run cache in ``folder``, which is made when first written to.

    >>> RunCache(Path(".neuronclaims")).fingerprints.name
    'fingerprints'
    """

    folder: Path

    @property
    def fingerprints(self) -> Path:
        """Where hashes of unchanged model files are remembered."""
        return self.folder / "fingerprints"

    def context(self, context: str, about: Mapping[str, str] | None = None) -> Context:
        """Return the part of the cache that holds the values of one context; ``about`` says in words which."""
        return Context(self.folder, context, about or {})


@dataclass(frozen=True, slots=True)
class Context:
    """All cached values of one model under one set of options."""

    root: Path
    key: str
    about: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def folder(self) -> Path:
        """The folder of this context's shards."""
        return self.root / "activations" / self.key[:32]

    def read(self, wanted: Wanted) -> dict[Need, dict[str, NDArray[np.float32]]]:
        """Return the values there are, by need and prompt. Damaged shards are set aside, with a warning."""
        hashes = {prompt: row_key(self.key, prompt) for prompts in wanted.values() for prompt in prompts}
        headers = self._headers() if wanted else []
        with suppress(OSError):
            os.utime(self.folder / ABOUT)
        return {
            need: self._find(need, {hashes[prompt]: prompt for prompt in wanted[need]}, headers)
            for need in wanted
        }

    def write(self, prompts: tuple[str, ...], values: Mapping[Need, NDArray[np.float32]]) -> Path:
        """Keep the values of one finished batch, one row per prompt; raise CacheError if they cannot be."""
        rows = [row_key(self.key, prompt) for prompt in prompts]
        try:
            self.prepare()
            return shards.write(
                self.folder, self.key, rows, {str(need): values[need] for need in values}
            ).path
        except OSError as error:
            raise self._unwritable(error) from None

    def prepare(self) -> None:
        """Make the folders, with a note that says what they are, and keep them out of version control."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in (("README.txt", README), (".gitignore", "*\n")):
            if not (self.root / name).exists():
                (self.root / name).write_text(text, encoding="utf-8")
        if not (self.folder / ABOUT).exists():
            (self.folder / ABOUT).write_text(json.dumps(dict(self.about), indent=2) + "\n", encoding="utf-8")

    @contextmanager
    def measuring(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the lock under which this context is measured: processes starting together measure once.

        ``waiting`` is called where another process holds it.
        """
        from filelock import FileLock, Timeout

        try:
            self.prepare()
            self._sweep()
            lock = FileLock(self.folder / LOCK)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                if waiting is not None:
                    waiting()
                lock.acquire()
        except NotImplementedError:
            # A file system without locks: work may be done twice, but never wrongly.
            yield
            return
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            yield
        finally:
            lock.release()

    def _headers(self) -> list[shards.Shard]:
        found = []
        for path in sorted(self.folder.glob(f"*{shards.SUFFIX}")):
            try:
                found.append(shards.read_header(path, self.key))
            except shards.DamagedShardError as error:
                _set_aside(path, error)
        return found

    def _find(
        self, need: Need, prompts: dict[str, str], headers: list[shards.Shard]
    ) -> dict[str, NDArray[np.float32]]:
        name, found = str(need), dict[str, NDArray[np.float32]]()
        for shard in headers:
            places = (
                [place for place, row in enumerate(shard.rows) if row in prompts]
                if name in shard.checksums
                else []
            )
            if not places:
                continue
            try:
                values = shard.load(name)
            except shards.DamagedShardError as error:
                _set_aside(shard.path, error)
                continue
            found.update({prompts.pop(shard.rows[place]): values[place] for place in places})
        return found

    def _sweep(self, age: float = 86400.0) -> None:
        for path in self.folder.glob("*.tmp"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > age:
                    path.unlink()

    def _unwritable(self, error: OSError) -> CacheError:
        return CacheError(
            f"The run cache in {self.root} cannot be written: {error.strerror or error}. Make room or give write "
            "permission there, or choose another cache folder."
        )


def context_key(source: Source, options: RunOptions, memory: Path | None) -> str:
    """Return the content hash of all a measured value depends on but the prompt. Needs no torch."""
    fingerprint = source.fingerprint(memory)
    brought = of_other_packages(architecture_of(source.config, source.spec))
    parts = {
        "measuring": MEASURING_VERSION,
        "weights": fingerprint.weights,
        "tokenizer": fingerprint.tokenizer,
        **_how(source, options),
        **({"brought": brought} if brought else {}),
        "libraries": {name: version(name) for name in _LIBRARIES},
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def context_about(source: Source, options: RunOptions) -> dict[str, str]:
    """Say in words what a context belongs to."""
    return {
        "model": source.name,
        **_how(source, options),
        **{name: version(name) for name in _LIBRARIES},
    }


def _how(source: Source, options: RunOptions) -> dict[str, str]:
    """Return the number type, the attention implementation and the sort of device that a model computes with.

    What ``auto`` finds is not known before torch is loaded, so it is a device of its own here.
    """
    again = {"measured": "again, otherwise batched"} if options.again else {}
    if source.loaded is None:
        device = options.device.split(":")[0]
        return {"dtype": options.dtype, "attention": options.attention, "device": device, **again}
    model = source.loaded.model
    dtype, attention = str(model.dtype).removeprefix("torch."), str(model.config._attn_implementation)
    return {"dtype": dtype, "attention": attention, "device": str(model.device.type), **again}


def row_key(context: str, prompt: str) -> str:
    """Return the content hash of one row: a context and the exact text of a prompt."""
    return hashlib.sha256(f"{context}\n{prompt}".encode("utf-8", "surrogatepass")).hexdigest()


def _set_aside(path: Path, error: Exception) -> None:
    if not path.exists():
        return  # another process was quicker
    warnings.warn(
        f"The cache file {path} is damaged ({error}); its values are measured again.",
        RunWarning,
        stacklevel=2,
    )
    with suppress(OSError):
        path.rename(path.with_name(path.name + ".damaged"))
