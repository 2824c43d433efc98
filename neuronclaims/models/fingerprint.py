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
from neuronclaims.foreign_files import check_file, read_bytes, read_json_object
from neuronclaims.measurements.errors import ModelError
from neuronclaims.models.object_identity import ObjectIdentity, object_identity, quick_state
from neuronclaims.models.safetensors_header import read_header

_SETTINGS = ("config.json", "generation_config.json")
_TOKENIZER = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "tokenizer.model",
    "spiece.model",
    "sentencepiece.bpe.model",
)
_UNSAFE = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt", "tf_model.h5", "flax_model.msgpack")
_WAY = "by tensor"
"""How hashes are made; what was remembered of another way is not taken for one of this."""


# fmt: off
_IDLE = frozenset(
    [
        ".md", ".rst", ".pdf", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp", ".html", ".csv", ".tsv",
        ".parquet", ".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack", ".ot", ".onnx", ".gguf", ".tflite",
        ".mlmodel", ".npz", ".py", ".ipynb", ".log", ".lock", ".tmp", ".gitattributes", ".gitignore", ".zip",
        ".gz", ".jsonl", ".yaml",
    ]
)
# fmt: on
"""Endings of files that loading never reads: documents, formats other than safetensors, code."""

# fmt: off
_IDLE_NAMES = frozenset(
    [
        "license", "notice", "readme", "use_policy", ".gitattributes", ".gitignore", ".ds_store", "training",
        "evaluation", "trainer_state", "train_results", "eval_results", "all_results",
    ]
)
# fmt: on
"""Names, without their endings, of documents and of records of a training."""
_MOST_EXTRA = 4_000_000_000
"""The most bytes of another file that is hashed."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256, in hex, of the weights with the settings that go with them, and of the tokenizer.

    Weights that were merely saved again, in other files or another order, have the same. ``unknown`` names what no
    hash can hold, such as a hook on a model object: values of such a model are measured and never kept.
    """

    weights: str
    tokenizer: str
    unknown: str | None = None


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a model in index order; raise ModelError where any is missing."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if not index.is_file():
        raise ModelError(_no_weights(folder))
    try:
        named = read_json_object(index)["weight_map"]
        shards = sorted({str(name) for name in named.values()})  # type: ignore[union-attr]
    except (NeuronClaimsError, OSError, KeyError, AttributeError):
        raise ModelError(f"{index} is not an index of safetensors files. Fetch the model again.") from None
    outside = [name for name in shards if Path(name).name != name or "\0" in name or len(name) > 200]
    if outside:
        raise ModelError(
            f"{index} names a file outside its folder, or none at all, {outside[0][:80]!r}. Fetch the model again."
        )
    missing = [name for name in shards if not (folder / name).is_file()]
    if missing or not shards:
        raise ModelError(
            f"{folder} lacks weights its index names: {', '.join(missing) or 'all'}. Fetch the model again."
        )
    return [folder / name for name in shards]


def has_weights(folder: Path) -> bool:
    """Say whether any weights are there, be they whole or of a format that is not read."""
    return any(any(folder.glob(pattern)) for pattern in ("model*.safetensors*", *_UNSAFE))


def fingerprint_folder(
    folder: Path, memory: Path | None, hashing: Callable[[], None] | None = None
) -> Fingerprint:
    """Return the fingerprint of a model's folder, from ``memory`` where no file has changed since.

    ``hashing`` is called before files are read for it.
    """
    weights, settings = weight_files(folder), _existing(folder, _SETTINGS)
    tokenizer = _existing(folder, _TOKENIZER)
    for path in (*settings, *tokenizer):
        check_file(path)
    if not tokenizer:
        raise ModelError(
            f"{folder} has no tokenizer files (tokenizer.json or the like). Save the tokenizer there too."
        )
    extra = _extra(folder, {*weights, *settings, *tokenizer})
    state: list[list[Any]] = [
        [_WAY],
        *([str(path), *_stamp(path)] for path in [*weights, *settings, *tokenizer, *extra]),
    ]
    note = memory / f"{_hash_text(str(folder))}.json" if memory is not None else None
    known = _recall(note, state)
    if known is not None:
        return known
    if hashing is not None:
        hashing()
    found = Fingerprint(_hash_tensors(weights, settings, extra), _hash_files(tokenizer))
    return _remember(note, state, found)


def check_followed(folder: Path) -> None:
    """Raise ModelError for a folder whose settings lead to weights other than those that are hashed.

    With an adapter beside the model, what Transformers loads depends on whether peft is installed, and the adapter may
    name base weights that lie elsewhere. ``transformers_weights`` in config.json names another file of weights.
    """
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder} holds an adapter (adapter_config.json). What is loaded from it depends on whether peft is "
            "installed, so it is not measured. Merge the adapter into the weights (merge_and_unload, then "
            "save_pretrained), or hand over the model object in conftest.py (claims_models)."
        )
    named = None
    with suppress(NeuronClaimsError, OSError):
        named = read_json_object(folder / "config.json", infinite=True).get("transformers_weights")
    if named is not None:
        raise ModelError(
            f"{folder / 'config.json'} names other weights (transformers_weights: {str(named)[:80]!r}), which are not "
            "looked at. Load the model and save it again with save_pretrained."
        )


def _extra(folder: Path, known: set[Path]) -> list[Path]:
    """Return the other files of a folder that loading may follow: whatever is not known to be idle."""
    chat = folder / "additional_chat_templates"
    found = [*folder.iterdir(), *(chat.iterdir() if chat.is_dir() else ())]
    return sorted(
        path
        for path in found
        if path not in known and not _idle(path) and path.is_file() and path.stat().st_size <= _MOST_EXTRA
    )


def _idle(path: Path) -> bool:
    name = path.name.lower()
    if name.endswith(".safetensors.index.json"):
        return True  # tensors are hashed by their names, wherever they lie
    return path.suffix.lower() in _IDLE or name in _IDLE_NAMES or path.stem.lower() in _IDLE_NAMES


def fingerprint_loaded(model: Any, tokenizer: Any) -> Fingerprint:
    """Return the fingerprint of a model object: its tensors, modules, settings and hooks, and its config.

    It is worked out again where the object was changed since. A model of which something is unknown has another
    fingerprint each time, so that nothing is ever taken for its own. Raises ModelError for weights that are not in
    memory.
    """
    state = state_of(model, tokenizer).digest
    before = _OF_OBJECTS.get(model)
    if before is not None and before[0] == state:
        return before[1]
    identity = object_identity(model)
    digest = hashlib.sha256(identity.digest.encode() + _settings_of(model))
    unknown = identity.unknown or _unknown_tokenizer(tokenizer)
    if unknown is not None:
        digest.update(secrets.token_bytes(16))
    found = Fingerprint(digest.hexdigest(), _hash_tokenizer(tokenizer), unknown)
    if unknown is None:
        _OF_OBJECTS[model] = (state, found)
    return found


_OF_OBJECTS: WeakKeyDictionary[Any, tuple[str, Fingerprint]] = WeakKeyDictionary()
"""The fingerprints of model objects, each with the state it was worked out in."""


def state_of(model: Any, tokenizer: Any) -> ObjectIdentity:
    """Return a checksum of a model object and its tokenizer, fast to compute, that changes when either does."""
    quick = quick_state(model)
    parts = [quick.digest.encode(), _settings_of(model), _hash_tokenizer(tokenizer).encode()]
    digest = hashlib.sha256(b"\n".join(parts)).hexdigest()
    return ObjectIdentity(digest, quick.unknown or _unknown_tokenizer(tokenizer))


def _settings_of(model: Any) -> bytes:
    settings = [model.config, getattr(model, "generation_config", None)]
    return _stable([_without_origin(item.to_dict()) for item in settings if item is not None])


def _unknown_tokenizer(tokenizer: Any) -> str | None:
    kind = type(tokenizer)
    shipped = kind.__module__.split(".")[0] in ("transformers", "tokenizers")
    patched = [name for name in ("__call__", "encode", "_encode_plus") if name in vars(tokenizer)]
    if not shipped or patched:
        return f"the tokenizer's own code ({kind.__module__}.{kind.__qualname__})"
    return (
        None
        if getattr(tokenizer, "backend_tokenizer", None) is not None
        else "a tokenizer that runs in Python"
    )


def _hash_tokenizer(tokenizer: Any) -> str:
    backend = getattr(tokenizer, "backend_tokenizer", None)
    parts: list[Any] = [
        type(tokenizer).__name__,
        sorted(tokenizer.get_vocab().items()),
        sorted(tokenizer.all_special_ids),
    ]
    if backend is not None:
        # Padding and truncation are the state of the last call, not of the tokenizer.
        state = json.loads(backend.to_str())
        parts.append({key: value for key, value in state.items() if key not in ("padding", "truncation")})
    return hashlib.sha256(_stable(parts)).hexdigest()


def _without_origin(settings: dict[str, Any]) -> dict[str, Any]:
    return {
        key: value for key, value in settings.items() if key not in ("_name_or_path", "transformers_version")
    }


def _stable(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


def _existing(folder: Path, names: Iterable[str]) -> list[Path]:
    return [folder / name for name in names if (folder / name).is_file()]


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


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
        return _stable(_without_origin(json.loads(data)))
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
    if note is None:
        return None
    with suppress(OSError, NeuronClaimsError, KeyError, TypeError):
        known = read_json_object(note)
        if known["files"] == state:
            return Fingerprint(**known["fingerprint"])  # type: ignore[arg-type]
    return None


def _remember(note: Path | None, state: list[list[Any]], fingerprint: Fingerprint) -> Fingerprint:
    # Only a convenience: where it cannot be written, the next run hashes again.
    if note is not None:
        with suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True)
            draft = note.with_suffix(f".{os.getpid()}.tmp")
            draft.write_text(
                json.dumps({"files": state, "fingerprint": asdict(fingerprint)}), encoding="utf-8"
            )
            draft.replace(note)
    return fingerprint


def _no_weights(folder: Path) -> str:
    unsafe = sorted(path.name for pattern in _UNSAFE for path in folder.glob(pattern))
    if unsafe:
        return (
            f"{folder} has its weights only as {unsafe[0]}, a format that can run code when read and is never opened "
            "here. Save the model again with save_pretrained(folder, safe_serialization=True)."
        )
    return f"{folder} has no weights: neither model.safetensors nor model.safetensors.index.json is there."
