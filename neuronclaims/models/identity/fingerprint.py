"""Content hashes of a model's weights and tokenizer: what makes two models the same."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import read_bytes, read_json_object
from neuronclaims.models.bringing.adapters import Adapter, adapter_files
from neuronclaims.models.identity.code import LibraryCode
from neuronclaims.models.identity.folder_files import ModelFiles, other_files
from neuronclaims.models.identity.objects import ObjectIdentity, object_identity, quick_state
from neuronclaims.models.identity.safetensors_header import read_header
from neuronclaims.models.identity.settings import stable
from neuronclaims.models.identity.tokenizers import hash_tokenizer, unknown_of_tokenizer

_ORIGIN = ("_name_or_path", "transformers_version", "base_model_name_or_path")
"""Settings that say where a model comes from."""

_WAY = "by tensor"
"""How hashes are made; what was remembered of another way is not taken for one of this."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256, in hex, of the weights with the settings that go with them, and of the tokenizer.

    Weights that were merely saved again, in other files or another order, have the same. ``unknown`` names what no
    hash can hold, such as a hook on a model object: values of such a model are measured and never kept.
    """

    weights: str
    tokenizer: str
    unknown: str | None = None


def fingerprint_folder(
    folder: Path,
    memory: Path | None,
    hashing: Callable[[], None] | None = None,
    adapter: Adapter | None = None,
) -> Fingerprint:
    """Return the fingerprint of a model's folder, from ``memory`` where no file has changed since.

    ``hashing`` is called before files are read for it. Where the folder holds an ``adapter``, the weights are its own
    and those of its base.
    """
    files = ModelFiles.of(adapter.base, adapter.tokenizer) if adapter is not None else ModelFiles.of(folder)
    own = adapter_files(folder) if adapter is not None else ()
    own += other_files(folder, own) if adapter is not None else ()
    state: list[list[Any]] = [[_WAY], *([str(path), *_stamp(path)] for path in (*files.all, *own))]
    note = memory / f"{_hash_text(str(folder))}.json" if memory is not None else None
    known = _recall(note, state)
    if known is not None:
        return known
    if hashing is not None:
        hashing()
    weights = _hash_tensors(files.weights, files.settings, files.extra)
    if own:
        config, tensors, *rest = own
        weights = hashlib.sha256(f"{weights} {_hash_tensors([tensors], [config], rest)}".encode()).hexdigest()
    return _remember(note, state, Fingerprint(weights, _hash_files(files.tokenizer)))


def fingerprint_loaded(model: Any, tokenizer: Any) -> Fingerprint:
    """Return the fingerprint of a model object: its tensors, modules, settings and hooks, and its config.

    It is worked out again where the object was changed since. A model of which something is unknown has another
    fingerprint each time, so that nothing is ever taken for its own. Raises ModelError for weights that are not in
    memory.
    """
    now = state_of(model, tokenizer)
    before = _OF_OBJECTS.get(model)
    if before is not None and now.unknown is None and before[0] == now.digest:
        return before[1]
    identity = object_identity(model)
    digest = hashlib.sha256(identity.digest.encode() + _settings_of(model))
    unknown = identity.unknown or now.unknown
    if unknown is not None:
        digest.update(secrets.token_bytes(16))
    found = Fingerprint(digest.hexdigest(), hash_tokenizer(tokenizer), unknown)
    if unknown is None:
        _OF_OBJECTS[model] = (now.digest, found)
    return found


_OF_OBJECTS: WeakKeyDictionary[Any, tuple[str, Fingerprint]] = WeakKeyDictionary()
"""The fingerprints of model objects, each with the state it was worked out in."""


def state_of(model: Any, tokenizer: Any) -> ObjectIdentity:
    """Return a checksum of a model object and its tokenizer, fast to compute, that changes when either does."""
    code = LibraryCode()
    quick = quick_state(model, code)
    parts = [quick.digest.encode(), _settings_of(model), hash_tokenizer(tokenizer).encode()]
    digest = hashlib.sha256(b"\n".join(parts)).hexdigest()
    return ObjectIdentity(digest, quick.unknown or unknown_of_tokenizer(tokenizer, code))


def _settings_of(model: Any) -> bytes:
    settings = [model.config, getattr(model, "generation_config", None)]
    return stable([_without_origin(item.to_dict()) for item in settings if item is not None])


def _without_origin(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in _ORIGIN}


def _stamp(path: Path) -> tuple[int, ...]:
    """Return what changes when a file is written, or when a link to it leads to another."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev


def _hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _hash_tensors(files: Iterable[Path], settings: Iterable[Path], extra: Iterable[Path]) -> str:
    """Hash tensors in the order of their names, wherever they lie, and settings without where they come from."""
    tensors = {name: place for path in files for name, place in read_header(path).items()}
    digest = hashlib.sha256()
    for name, place in sorted(tensors.items()):
        start, stop = place.start, place.stop
        digest.update(f"{name} {place.dtype} {list(place.shape)} {stop - start}\n".encode())
        with place.path.open("rb") as file:
            file.seek(start)
            while start < stop and (chunk := file.read(min(1 << 22, stop - start))):
                digest.update(chunk)
                start += len(chunk)
    for path in settings:
        digest.update(f"{path.name}\n".encode() + _settled(path))
    for path in extra:
        digest.update(f"{path.name} {_hash_files([path])}\n".encode())
    return digest.hexdigest()


def _settled(path: Path) -> bytes:
    data = read_bytes(path)
    with suppress(ValueError, AttributeError, RecursionError):
        return stable(_without_origin(json.loads(data)))
    return data  # what is wrong with it is said where it is read


def _hash_files(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while chunk := file.read(1 << 22):
                digest.update(chunk)
    return digest.hexdigest()


def _recall(note: Path | None, state: list[list[Any]]) -> Fingerprint | None:
    if note is None or note.is_symlink():
        return None
    with suppress(OSError, NeuronClaimsError, KeyError):
        known = read_json_object(note)
        hashes = known["fingerprint"]
        if known["files"] == state and isinstance(hashes, dict):
            weights, tokenizer = hashes["weights"], hashes["tokenizer"]
            if isinstance(weights, str) and isinstance(tokenizer, str) and hashes.get("unknown") is None:
                return Fingerprint(weights, tokenizer)
    return None


def _remember(note: Path | None, state: list[list[Any]], fingerprint: Fingerprint) -> Fingerprint:
    # Only a convenience: where it cannot be written, the next run hashes again.
    if note is not None and not note.is_symlink():
        draft = note.with_suffix(f".{os.getpid()}.tmp")
        with suppress(OSError):
            for folder in (note.parent.parent, note.parent):
                folder.mkdir(mode=0o775, parents=True, exist_ok=True)
            # What is there already, such as a link, is not written through.
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o664)
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    json.dump({"files": state, "fingerprint": asdict(fingerprint)}, file)
                draft.replace(note)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
    return fingerprint
