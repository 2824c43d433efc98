"""Read the vectors of directions and probes from the files that a claim file names."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuronclaims.claim_files.directions.direction import Probe
from neuronclaims.claim_files.directions.entries import (
    AtPlace,
    NeuronsProbeEntry,
    StoredDirectionEntry,
    StoredProbeEntry,
    place_of,
)
from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.yaml.positions import Entries, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.foreign_files import MEGABYTE, ForeignFileError, check_file
from neuronclaims.foreign_files.tensors import read_header, read_tensors
from neuronclaims.measurements.views.directions import Vectors
from neuronclaims.sentences.field_types import MisreadError, Word
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.subjects.neurons import Neuron, one_neuron
from neuronclaims.sites import site_names

LARGEST = 200 * MEGABYTE
"""The most bytes a file of vectors may have."""

WIDEST = 1_000_000
"""The most numbers that a vector of weights of single neurons may have."""


def direction_vectors(
    entry: StoredDirectionEntry, node: Entries, source: SourceText
) -> tuple[AtPlace, Vectors]:
    """Return where a direction of a file is read, and its vectors; raise ClaimFileError with what is wrong."""
    place = _place(entry.at, node, source)
    path = _file(entry.file, node, source)
    name = entry.tensor or _only(path, node, source)
    values = _tensor(path, name, "tensor", node, source)
    by_layer = values.ndim == 2 and place.layer is None
    if values.ndim == 2 and len(values) == 1:
        values, by_layer = values[0], False
    if values.ndim != 1 and not by_layer:
        message = f"{quoted(name)} in {quoted(entry.file)} has the shape {_shape(values)}, and a direction is [width]"
        if values.ndim == 2:
            message += f", or [layers, width] where 'at' names no layer: 'at: {place.site}'"
        raise _problem(source, node, "tensor", message)
    rows = values.reshape(-1, values.shape[-1])
    _check_length(rows, name, "tensor", node, source)
    biases = (0.0,) * len(rows)
    return place, Vectors("direction", rows, biases, place.layer, by_layer, f"{entry.file} ({name})")


def read_probe(name: str, key: Scalar, node: Node, source: SourceText) -> Probe:
    """Read one entry of ``probes``; raise ClaimFileError with what is wrong with it."""
    where = f"in the probe {quoted(name)}"
    if isinstance(node, Entries) and node.get("neurons") is not None:
        of_neurons, problems = validate(Section(NeuronsProbeEntry, where), node, source)
        if of_neurons is None:
            raise ClaimFileError(problems)
        place, given = _weighted(of_neurons, node, source)
        return Probe(name, place.site, given, source.place(key.start))
    entry, problems = validate(Section(StoredProbeEntry, where), node, source)
    if entry is None or not isinstance(node, Entries):
        raise ClaimFileError(problems)
    place = _place(entry.at, node, source)
    if place.layer is None:
        message = f"a probe reads one layer: write it as well, 'at: {place.site} 8'"
        raise _problem(source, node, "at", message)
    return Probe(name, place.site, _probe_vectors(entry, place, node, source), source.place(key.start))


def _probe_vectors(entry: StoredProbeEntry, place: AtPlace, node: Entries, source: SourceText) -> Vectors:
    path = _file(entry.file, node, source)
    weights = _tensor(path, entry.weight, "weight", node, source)
    if weights.ndim == 2 and len(weights) == 1:
        weights = weights[0]
    if weights.ndim != 1 or not weights.size:
        message = (
            f"{quoted(entry.weight)} in {quoted(entry.file)} has the shape {_shape(weights)}, and the weights of a "
            "probe with one output are [width] or [1, width]"
        )
        raise _problem(source, node, "weight", message)
    _check_length(weights[None], entry.weight, "weight", node, source)
    bias = 0.0
    if entry.bias is not None or "bias" in _header(path, node, source):
        found = _tensor(path, entry.bias or "bias", "bias", node, source)
        if found.size != 1:
            message = f"the bias in {quoted(entry.file)} has {found.size:,} numbers, and a probe has one"
            raise _problem(source, node, "bias", message)
        bias = float(found.reshape(()))
    return Vectors("probe", weights[None], (bias,), place.layer, origin=f"{entry.file} ({entry.weight})")


def _weighted(entry: NeuronsProbeEntry, node: Entries, source: SourceText) -> tuple[AtPlace, Vectors]:
    """Return the weighted sum of neurons of one layer; its width is that of the last neuron named."""
    listed = node.get("neurons")
    assert isinstance(listed, Entries)
    found: dict[Neuron, float] = {}
    for text, weight in entry.neurons.items():
        key = listed.entries[text][0]
        try:
            found[one_neuron(Word(key.text, 0))] = weight
        except MisreadError as misread:
            message = misread.reason or f"{quoted(key.text)} is no neuron such as 11:365"
            raise _at(source, key, message, misread.suggestion) from None
    place, layers = _place(entry.at, node, source), sorted({neuron.layer for neuron in found})
    if len(layers) > 1:
        message = (
            f"its neurons lie in {len(layers)} layers, {layers[0]} and {layers[1]} first: a weighted sum is read in "
            "one layer. Make a probe of each layer"
        )
        raise _problem(source, node, "neurons", message)
    if place.layer not in (None, layers[0]):
        raise _problem(source, node, "at", f"its neurons lie in layer {layers[0]}, not {place.layer}")
    if (width := 1 + max(neuron.index for neuron in found)) > WIDEST:
        raise _problem(source, node, "neurons", f"no layer has {width:,} neurons")
    values = np.zeros((1, width), dtype=np.float32)
    for neuron, weight in found.items():
        values[0, neuron.index] = weight
    _check_length(values, "neurons", "neurons", node, source)
    given = Vectors("probe", values, (entry.bias,), layers[0], origin="the claim file", padded=True)
    return place, given


def _place(at: str, node: Entries, source: SourceText) -> AtPlace:
    place = place_of(at)
    if place is None:
        near = closest(at.split(" ")[0], site_names())
        message = f"{quoted(at.split(' ')[0])} is not a site"
        raise _problem(source, node, "at", message, near and " ".join([near, *at.split()[1:]]), site_names())
    return place


def _file(written: str, node: Entries, source: SourceText) -> Path:
    """Return the path of a file that may be read; raise ClaimFileError with its place for any other."""
    path = Path(os.path.normpath(Path(source.path).parent / written))
    folders = source.folders or PromptFolders.around(Path(source.path))
    if path.suffix != ".safetensors":
        message = f"{quoted(written)} is no file of vectors: its name must end in .safetensors"
        if path.suffix in (".pt", ".pth", ".bin", ".pkl", ".npy", ".npz"):
            message += "; convert it once with safetensors.torch.save_file or safetensors.numpy.save_file"
        raise _problem(source, node, "file", message)
    if not folders.holds(path):
        message = (
            f"{quoted(written)} is not read: it leads out of the project ({folders.root}). Move the file there, or "
            "allow its folder with the setting 'claims_prompt_folders' of pytest, --prompt-folder of neuronclaims, or "
            "prompt_folders of judge"
        )
        raise _problem(source, node, "file", message)
    try:
        check_file(path, LARGEST)
    except (OSError, ValueError):
        others = [each.name for each in path.parent.glob("*.safetensors")] if path.parent.is_dir() else []
        near = closest(path.name, others)
        suggestion = str(Path(written).with_name(near)) if near else None
        raise _problem(source, node, "file", f"there is no file {quoted(str(path))}", suggestion) from None
    except ForeignFileError as error:
        raise _problem(source, node, "file", str(error).rstrip(".")) from None
    return path


def _header(path: Path, node: Entries, source: SourceText) -> tuple[str, ...]:
    try:
        return tuple(sorted(read_header(path)))
    except ForeignFileError as error:
        raise _problem(source, node, "file", str(error).rstrip(".")) from None


def _only(path: Path, node: Entries, source: SourceText) -> str:
    names = _header(path, node, source)
    if len(names) == 1:
        return names[0]
    message = f"which tensor of {quoted(path.name)} is the direction? Add 'tensor: NAME'"
    raise _problem(source, node, "file", message, None, names)


def _tensor(path: Path, name: str, key: str, node: Entries, source: SourceText) -> NDArray[np.float32]:
    names = _header(path, node, source)
    if name not in names:
        message = f"{quoted(path.name)} has no tensor {quoted(name)}"
        raise _problem(source, node, key, message, closest(name, names), names)
    try:
        return read_tensors(path, [name])[name]
    except (ForeignFileError, OSError) as error:
        raise _problem(source, node, key, str(error).rstrip(".")) from None


def _check_length(rows: NDArray[np.float32], name: str, key: str, node: Entries, source: SourceText) -> None:
    """Raise ClaimFileError where a vector is zero, or so long or so short that nothing can be divided by its square."""
    squares = (rows.astype(np.float64) ** 2).sum(axis=1)
    wrong = np.flatnonzero(~((squares > 1e-30) & (squares < 1e30)))
    if len(wrong):
        one = f"row {wrong[0]} of {quoted(name)}" if len(rows) > 1 else quoted(name)
        what = "is zero" if squares[wrong[0]] == 0 else f"has the length {squares[wrong[0]] ** 0.5:.3g}"
        raise _problem(source, node, key, f"{one} {what}, so it is no direction")


def _shape(values: NDArray[np.float32]) -> str:
    return f"[{', '.join(map(str, values.shape))}]"


def _problem(
    source: SourceText,
    node: Entries,
    key: str,
    message: str,
    near: str | None = None,
    allowed: tuple[str, ...] = (),
) -> ClaimFileError:
    """Return an error at the value of a key; where the key is not there, at the file, or at the entry."""
    value = next((each for each in (node.get(key), node.get("file")) if isinstance(each, Scalar)), None)
    if value is None:
        return ClaimFileError([source.problem(node.start, message, suggestion=near, allowed=allowed)])
    return _at(source, value, message, near, allowed)


def _at(
    source: SourceText, scalar: Scalar, message: str, near: str | None = None, allowed: tuple[str, ...] = ()
) -> ClaimFileError:
    width = scalar.end - scalar.start
    problem: Problem = source.problem(scalar.start, message, width=width, suggestion=near, allowed=allowed)
    return ClaimFileError([problem])
