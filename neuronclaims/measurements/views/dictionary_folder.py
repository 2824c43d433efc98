"""Read what a folder of SAELens or of Gemma Scope says of its dictionary: settings, shapes and a hash; no weights.

SAELens writes ``cfg.json`` and ``sae_weights.safetensors``, Gemma Scope ``params.npz`` or ``params.safetensors`` alone.
"""

from __future__ import annotations

import hashlib
import json
import math
import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, Json, check_file, read_json_object
from neuronclaims.foreign_files.tensors import read_header
from neuronclaims.foreign_files.witness import saw
from neuronclaims.measurements.views.dictionary import Activation, Dictionary, Normalisation

WEIGHTS = ("sae_weights.safetensors", "params.safetensors", "params.npz")
"""The files of weights that are looked for, in this order."""

LARGEST = 20_000 * MEGABYTE
"""The most bytes that the weights of a dictionary may have."""

_ACTIVATIONS: Mapping[str, Activation] = {
    "standard": "relu",
    "jumprelu": "jump relu",
    "topk": "top k",
    "batchtopk": "jump relu",
    "matryoshka_batchtopk": "jump relu",
    "transcoder": "relu",
    "skip_transcoder": "relu",
    "jumprelu_transcoder": "jump relu",
}
"""How the architectures of SAELens make latents; a batch top k is run with the threshold learned for it."""


def read_dictionary(folder: Path) -> Dictionary:
    """Return what a folder says of its dictionary. Raises ForeignFileError with the reason where it is not read.

    >>> read_dictionary(Path("no_such_folder"))
    Traceback (most recent call last):
        ...
    neuronclaims.foreign_files.bounded.ForeignFileError: no_such_folder is no folder.
    """
    if not folder.is_dir():
        raise ForeignFileError(f"{folder} is no folder.")
    for name in (*WEIGHTS, "cfg.json"):
        saw(folder / name)
    weights = next((folder / name for name in WEIGHTS if (folder / name).is_file()), None)
    if weights is None:
        raise ForeignFileError(f"{folder} has no weights of a dictionary: none of {', '.join(WEIGHTS)}.")
    check_file(weights, LARGEST)
    shapes = shapes_of(weights)
    settings = read_json_object(folder / "cfg.json", infinite=True) if (folder / "cfg.json").exists() else {}
    found = _settings(settings, shapes, folder)
    width, latents = _sizes(shapes, found, weights)
    said = json.dumps(
        [found["activation"], found["k"], found["less_bias"], found["normalised"], found["by_norm"]]
    )
    status = weights.stat()
    digest = hashlib.sha256(
        f"{said} {_hash(weights, status.st_size, status.st_mtime_ns)}".encode()
    ).hexdigest()
    return Dictionary(path=weights, digest=digest, width=width, latents=latents, **found)


def shapes_of(weights: Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor of a file of weights, by its name in small letters."""
    try:
        if weights.suffix == ".npz":
            return _shapes_of_npz(weights)
        return {name.lower(): place.shape for name, place in read_header(weights).items()}
    except ForeignFileError:
        raise
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        raise ForeignFileError(f"{weights} cannot be read: {reason[:200].rstrip('.')}.") from None


def _shapes_of_npz(weights: Path) -> dict[str, tuple[int, ...]]:
    found = {}
    with zipfile.ZipFile(weights) as archive:
        for member in archive.infolist():
            if member.file_size > LARGEST:
                raise ForeignFileError(f"{weights} is not read: {member.filename} in it is too large.")
            with archive.open(member) as file:
                version = np.lib.format.read_magic(file)
                read = (
                    np.lib.format.read_array_header_1_0
                    if version == (1, 0)
                    else np.lib.format.read_array_header_2_0
                )
                shape, _, dtype = read(file)
            if dtype.hasobject or dtype.kind != "f":
                raise ForeignFileError(
                    f"{weights} is not read: {member.filename} in it holds no plain numbers."
                )
            found[member.filename.removesuffix(".npy").lower()] = tuple(shape)
    return found


@lru_cache(maxsize=64)
def _hash(path: Path, size: int, changed: int) -> str:
    """Return the SHA-256 of a file, once for each state of it."""
    del size, changed
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            found.update(part)
    return found.hexdigest()


def _settings(said: Mapping[str, Json], shapes: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the settings as fields of a Dictionary; without ``cfg.json`` those of Gemma Scope."""
    if not said:
        if "threshold" not in shapes:
            raise ForeignFileError(
                f"{folder} has no cfg.json, and its weights have no threshold as in Gemma Scope."
            )
        return _fields("jump relu", None, less_bias=False)
    details = said.get("metadata")
    told = {**(details if isinstance(details, dict) else {}), **said}
    named = str(told.get("architecture", "standard"))
    kwargs = told.get("activation_fn_kwargs")
    k = told.get("k", kwargs.get("k") if isinstance(kwargs, dict) else None)
    function = str(told.get("activation_fn_str", told.get("activation_fn", "relu")))
    activation = _ACTIVATIONS.get(named)
    if named == "standard" and function == "topk":
        activation = "top k"
    if activation is None or (activation == "relu" and function != "relu"):
        what = f"architecture {named!r}" if activation is None else f"activation function {function!r}"
        known = ", ".join(_ACTIVATIONS)
        raise ForeignFileError(f"{folder} has a dictionary of {what}, which is not known: {known} are.")
    if activation == "jump relu" and "threshold" not in shapes:
        raise ForeignFileError(
            f"{folder} has a dictionary of architecture {named!r} whose weights have no threshold."
        )
    if activation == "top k" and not (isinstance(k, int) and k > 0):
        raise ForeignFileError(
            f"{folder} has a dictionary of architecture {named!r}, but its cfg.json says no k."
        )
    normalised = str(told.get("normalize_activations") or "none")
    if normalised not in ("none", "layer_norm", "constant_norm_rescale"):
        raise ForeignFileError(
            f"{folder} normalises its activations by {normalised!r}, which depends on the texts it was trained on. "
            "Fold the factor into the weights first (fold_activation_norm_scaling_factor in SAELens)."
        )
    for key in ("hook_head_index", "finetuning_scaling_factor"):
        if told.get(key) not in (None, False):
            raise ForeignFileError(f"{folder} has a dictionary with {key!r}, which is not read.")
    transcoder = "transcoder" in named
    hook = str(told.get("hook_name") or "")
    return _fields(
        activation,
        k if activation == "top k" and isinstance(k, int) else None,
        less_bias=bool(told.get("apply_b_dec_to_input", not transcoder)),
        normalised=cast(Normalisation, normalised),
        by_norm=bool(told.get("rescale_acts_by_decoder_norm", False)),
        hook=hook,
        writes=str(told.get("hook_name_out") or "another site") if transcoder else "",
    )


def _fields(
    activation: Activation,
    k: int | None,
    *,
    less_bias: bool,
    normalised: Normalisation = "none",
    by_norm: bool = False,
    hook: str = "",
    writes: str = "",
) -> dict[str, Any]:
    return {
        "activation": activation,
        "k": k,
        "less_bias": less_bias,
        "normalised": normalised,
        "by_norm": by_norm,
        "hook": hook,
        "writes": writes,
    }


def _sizes(shapes: Mapping[str, tuple[int, ...]], found: Mapping[str, Any], weights: Path) -> tuple[int, int]:
    """Return how many values it reads and how many latents it has; raise where the shapes do not fit together."""
    missing = [name for name in ("W_enc", "b_enc", "W_dec", "b_dec") if name.lower() not in shapes]
    if missing:
        there = ", ".join(sorted(shapes)) or "nothing"
        raise ForeignFileError(f"{weights} has no {', '.join(missing)}: it has {there}.")
    encoder = shapes["w_enc"]
    if len(encoder) != 2 or 0 in encoder or math.prod(encoder) > LARGEST:
        raise ForeignFileError(f"{weights} has W_enc of shape {list(encoder)}, not [values, latents].")
    width, latents = encoder
    out = shapes["w_dec"][-1] if found["writes"] and shapes["w_dec"] else width
    expected = {"b_enc": (latents,), "W_dec": (latents, out), "b_dec": (out,)}
    if found["activation"] == "jump relu" and shapes["threshold"] != ():
        expected["threshold"] = (latents,)
    for name, shape in expected.items():
        if shapes[name.lower()] != shape:
            raise ForeignFileError(
                f"{weights} has {name} of shape {list(shapes[name.lower()])}, not {list(shape)}, as its W_enc "
                f"{list(encoder)} asks for."
            )
    if (found["k"] or 1) > latents:
        raise ForeignFileError(
            f"{weights} has {latents:,} latents, fewer than the k = {found['k']} of its cfg.json."
        )
    return width, latents
