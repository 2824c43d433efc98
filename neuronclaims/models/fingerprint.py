"""Content hashes of a model's weights and tokenizer: what makes two models the same."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from neuronclaims.measurements.errors import ModelError

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

_Lies: TypeAlias = tuple[Path, str, int, int]
"""Where a tensor lies: its file, its type and shape, its first byte and the one behind its last."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """SHA-256, in hex, of the weights with the settings that go with them, and of the tokenizer.

    Weights that were merely saved again, in other files or another order, have the same.
    """

    weights: str
    tokenizer: str


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a model in index order; raise ModelError where any is missing."""
    index = folder / "model.safetensors.index.json"
    if (folder / "model.safetensors").is_file():
        return [folder / "model.safetensors"]
    if not index.is_file():
        raise ModelError(_no_weights(folder))
    try:
        shards = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        raise ModelError(f"{index} is not an index of safetensors files. Fetch the model again.") from None
    missing = [name for name in shards if not (folder / name).is_file()]
    if missing or not shards:
        raise ModelError(
            f"{folder} lacks weights its index names: {', '.join(missing) or 'all'}. Fetch the model again."
        )
    return [folder / name for name in shards]


def has_weights(folder: Path) -> bool:
    """Say whether any weights are there, be they whole or of a format that is not read."""
    return any(any(folder.glob(pattern)) for pattern in ("model*.safetensors*", *_UNSAFE))


def fingerprint_folder(folder: Path, memory: Path | None) -> Fingerprint:
    """Return the fingerprint of a model's folder, from ``memory`` where no file has changed since."""
    weights, settings = weight_files(folder), _existing(folder, _SETTINGS)
    tokenizer = _existing(folder, _TOKENIZER)
    if not tokenizer:
        raise ModelError(
            f"{folder} has no tokenizer files (tokenizer.json or the like). Save the tokenizer there too."
        )
    state: list[list[Any]] = [
        [_WAY],
        *([str(path), *_stamp(path)] for path in [*weights, *settings, *tokenizer]),
    ]
    note = memory / f"{_hash_text(str(folder))}.json" if memory is not None else None
    return _recall(note, state) or _remember(
        note, state, Fingerprint(_hash_tensors(weights, settings), _hash_files(tokenizer))
    )


def fingerprint_loaded(model: Any, tokenizer: Any) -> Fingerprint:
    """Return the fingerprint of a model object: its tensors' names, shapes, types, bytes, and its config."""
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    settings = [model.config, getattr(model, "generation_config", None)]
    digest.update(_stable([_without_origin(item.to_dict()) for item in settings if item is not None]))
    return Fingerprint(digest.hexdigest(), _hash_tokenizer(tokenizer))


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


def _hash_tensors(files: Iterable[Path], settings: Iterable[Path]) -> str:
    """Hash tensors in the order of their names, wherever they lie, and settings without where they come from."""
    tensors = {name: where for path in files for name, where in _tensors(path)}
    digest = hashlib.sha256()
    for name, (path, kind, start, stop) in sorted(tensors.items()):
        digest.update(f"{name} {kind} {stop - start}\n".encode())
        with path.open("rb") as file:
            file.seek(start)
            while start < stop and (chunk := file.read(min(1 << 22, stop - start))):
                digest.update(chunk)
                start += len(chunk)
    for path in settings:
        digest.update(f"{path.name}\n".encode() + _settled(path))
    return digest.hexdigest()


def _tensors(path: Path) -> list[tuple[str, _Lies]]:
    """Return the name of each tensor of a safetensors file, and where it lies."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(min(size, path.stat().st_size)))
        header.pop("__metadata__", None)
        return [(name, _lies(path, 8 + size, told)) for name, told in header.items()]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ModelError(
            f"{path} is not a safetensors file, or not all of it. Fetch the model again."
        ) from None


def _lies(path: Path, behind: int, told: Mapping[str, Any]) -> _Lies:
    start, stop = told["data_offsets"]
    return path, f"{told['dtype']} {told['shape']}", behind + int(start), behind + int(stop)


def _settled(path: Path) -> bytes:
    data = path.read_bytes()
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
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["files"] == state:
            return Fingerprint(**known["fingerprint"])
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
