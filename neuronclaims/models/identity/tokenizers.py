"""The identity of a tokenizer object: its state, hashed, and what of it no hash can hold."""

from __future__ import annotations

import hashlib
import json
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from neuronclaims.models.identity.code import LibraryCode, is_shipped
from neuronclaims.models.identity.settings import stable

_ROLES = ("bos", "eos", "sep", "cls", "mask", "pad", "unk")
_READ = ("split_special_tokens", "chat_template", "add_bos_token", "add_eos_token")


def hash_tokenizer(tokenizer: Any) -> str:
    """Return the SHA-256 of a tokenizer's state: its tokens, which are special and why, and how texts are split."""
    parts: list[Any] = [
        type(tokenizer).__name__,
        sorted(tokenizer.get_vocab().items()),
        sorted(tokenizer.all_special_ids),
        {name: getattr(tokenizer, f"{name}_token_id", None) for name in _ROLES},
        {name: getattr(tokenizer, name, None) for name in _READ},
        _state(tokenizer),
    ]
    return hashlib.sha256(stable(parts)).hexdigest()


def unknown_of_tokenizer(tokenizer: Any, looked_at: LibraryCode | None = None) -> str | None:
    """Return what a tokenizer has that no hash can hold, such as a method of the user's own; None if nothing.

    Code that was ``looked_at`` for its model is not looked at again.
    """
    kind = type(tokenizer)
    replaced = [
        name
        for name, value in vars(tokenizer).items()
        if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType))
    ]
    if not is_shipped(kind) or replaced:
        return f"the tokenizer's own code ({kind.__module__}.{kind.__qualname__})"
    code = LibraryCode(looked_at)
    code.add({kind})
    if code.strange:
        return code.strange[0]
    if getattr(tokenizer, "backend_tokenizer", None) is None:
        return "a tokenizer that runs in Python"
    return "a part of the tokenizer that is written in Python" if _state(tokenizer) is None else None


def _state(tokenizer: Any) -> dict[str, Any] | None:
    """Return the state of a tokenizer written in Rust, None where there is none or a part of it has none."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return None
    try:
        state = json.loads(backend.to_str())
    except Exception:  # what it raises for a part written in Python is an Exception by that very name
        return None
    # Padding and truncation are the state of the last call, not of the tokenizer.
    return {key: value for key, value in state.items() if key not in ("padding", "truncation")}
