"""The files of a model's folder that loading may follow: what is hashed, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.foreign_files import check_file, read_json_object
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
class ModelFiles:
    """The files that make a model what it is; ``extra`` are all others that loading may follow."""

    weights: tuple[Path, ...]
    settings: tuple[Path, ...]
    tokenizer: tuple[Path, ...]
    extra: tuple[Path, ...]

    @classmethod
    def of(cls, folder: Path, tokens: Path | None = None) -> ModelFiles:
        """Return the files of a folder, its tokenizer's from the folder ``tokens`` if that is another one.

        Raises ModelError where weights or tokenizer are missing.
        """
        weights, settings = weight_files(folder), _existing(folder, _SETTINGS)
        tokenizer = _existing(tokens or folder, _TOKENIZER)
        for path in (*settings, *tokenizer):
            check_file(path)
        if not tokenizer:
            raise ModelError(
                f"{folder} has no tokenizer files (tokenizer.json or the like). Save the tokenizer there too."
            )
        extra = _extra(folder, {*weights, *settings, *tokenizer})
        return cls(tuple(weights), tuple(settings), tuple(tokenizer), tuple(extra))

    @property
    def all(self) -> tuple[Path, ...]:
        """All files."""
        return (*self.weights, *self.settings, *self.tokenizer, *self.extra)


def has_tokenizer(folder: Path) -> bool:
    """Say whether a folder has files of a tokenizer."""
    return bool(_existing(folder, _TOKENIZER))


def other_files(folder: Path, known: Iterable[Path]) -> tuple[Path, ...]:
    """Return the files of a folder that loading may follow besides those known."""
    return tuple(_extra(folder, {*known, *_existing(folder, (*_TOKENIZER, *_SETTINGS))}))


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


def check_followed(folder: Path) -> None:
    """Raise ModelError for a folder whose settings lead to weights other than those that are hashed.

    With an adapter beside the model, what Transformers loads depends on whether peft is installed.
    ``transformers_weights`` in config.json names another file of weights.
    """
    if (folder / "adapter_config.json").exists():
        raise ModelError(
            f"{folder} holds a model and an adapter (adapter_config.json). What is loaded from it depends on whether "
            "peft is installed, so it is not measured. Keep the adapter in a folder of its own, or merge it into the "
            "weights (merge_and_unload, then save_pretrained)."
        )
    named = None
    with suppress(NeuronClaimsError, OSError):
        named = read_json_object(folder / "config.json", infinite=True).get("transformers_weights")
    if named is not None:
        raise ModelError(
            f"{folder / 'config.json'} names other weights (transformers_weights: {str(named)[:80]!r}), which are not "
            "looked at. Load the model and save it again with save_pretrained."
        )
    _check_tokenizers(folder)


def _check_tokenizers(folder: Path) -> None:
    """Raise ModelError where the tokenizer's settings choose among files that do not lie beside them."""
    named = None
    with suppress(NeuronClaimsError, OSError):
        named = read_json_object(folder / "tokenizer_config.json", infinite=True).get("fast_tokenizer_files")
    outside = [str(name) for name in named if Path(str(name)).name != name] if isinstance(named, list) else []
    if outside:
        raise ModelError(
            f"{folder / 'tokenizer_config.json'} names a tokenizer in another folder (fast_tokenizer_files: "
            f"{outside[0][:80]!r}), which is not looked at. Load the tokenizer and save it again with save_pretrained."
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


def _existing(folder: Path, names: Iterable[str]) -> list[Path]:
    return [folder / name for name in names if (folder / name).is_file()]


def _no_weights(folder: Path) -> str:
    unsafe = sorted(path.name for pattern in _UNSAFE for path in folder.glob(pattern))
    if unsafe:
        return (
            f"{folder} has its weights only as {unsafe[0]}, a format that can run code when read and is never opened "
            "here. Save the model again with save_pretrained(folder, safe_serialization=True)."
        )
    return f"{folder} has no weights: neither model.safetensors nor model.safetensors.index.json is there."
