"""The rows of files that list neurons: tables, JSON in the shapes that tools write, and tensors of ``torch.save``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from neuronclaims.claim_files.neuron_sets.tensor_lists import read_tensor_lists
from neuronclaims.claim_files.prompts.rows import read_table
from neuronclaims.foreign_files import read_json
from neuronclaims.sentences.messages import either, quoted
from neuronclaims.sites import Site

TABLES = (".csv", ".tsv", ".jsonl")
SUFFIXES = (*TABLES, ".json", ".pth", ".pt")
"""The kinds of file that list neurons."""

LAYERS = ("layer", "layer_idx", "layer_index")
"""The columns that hold layers, where an entry names none."""

NEURONS = ("neuron", "neuron_idx", "neuron_index", "index", "unit", "name")
"""The columns that hold neurons, where an entry names none."""

COMPONENT = "component"
"""The column in which causalab says what its neurons are neurons of."""

COMPONENTS: Mapping[str, Site] = MappingProxyType(
    {
        "mlp_neuron_output": "mlp_post",
        "mlp_output": "mlp_out",
        "attention_output": "attn_out",
        "attention_premix": "attn_z",
        "block_input": "resid_pre",
        "block_mid": "resid_mid",
        "block_output": "resid_post",
    }
)
"""The components of causalab's protocol that are sites (``docs/intervention_protocol.md`` there, section 2.4)."""

_LISTS = ("neurons", "indices", "units")


class RowsError(ValueError):
    """A file in which no neurons can be found; ``choice`` are the lists that it has, where one must be named."""

    def __init__(self, message: str, choice: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.choice = choice


@dataclass(frozen=True, slots=True)
class NeuronRow:
    """One row, its values as text by column, and where it stands, such as ``lape.csv:12``."""

    values: dict[str, str]
    place: str


def read_rows(file: Path, name: str, language: str | None, languages: Sequence[str]) -> list[NeuronRow]:
    """Return the rows of a file known as ``name``. Raises RowsError, ForeignFileError or ClaimFileError."""
    if file.suffix in TABLES:
        if language is not None or languages:
            raise RowsError(
                "'language' chooses a list of a .json or .pth file; rows of a table are chosen with 'where'"
            )
        table = read_table(file, name)
        return [NeuronRow(dict(row.values), f"{name}:{row.line}") for row in table.rows]
    if file.suffix == ".json":
        chosen = _chosen(read_json(file), language, languages)
        return [NeuronRow(row, f"{name}, entry {place}") for place, row in enumerate(_json_rows(chosen, {}))]
    chosen_lists = _chosen(read_tensor_lists(file), language, languages)
    return [NeuronRow(row, name) for row in _tensor_rows(chosen_lists)]


def _chosen(content: object, language: str | None, languages: Sequence[str]) -> object:
    """Return the list of one language, by its name or its place; all there is where none is asked for."""
    if isinstance(content, dict):
        named = [key for key, value in content.items() if not isinstance(value, (str, int, float, bool))]
        if language is None:
            return content
        if language in content:
            return content[language]
        raise RowsError(f"it has no list {quoted(language)}", tuple(named))
    if language is None:
        if languages:
            raise RowsError(
                "'languages' names its lists: say with 'language' which to take", tuple(languages)
            )
        return content
    if not isinstance(content, list):
        raise RowsError("it holds one list, so 'language' can choose none")
    if languages and len(languages) != len(content):
        raise RowsError(f"'languages' names {len(languages)} lists, and it holds {len(content)}")
    if language in languages:
        return content[list(languages).index(language)]
    if language.isdigit() and int(language) < len(content):
        return content[int(language)]
    hint = "" if languages else ": give their names with 'languages', in their order, or the place of one"
    raise RowsError(
        f"it has no list {quoted(language)}{hint}", tuple(languages) or tuple(map(str, range(len(content))))
    )


def _tensor_rows(content: object) -> Iterator[dict[str, str]]:
    """Yield the neurons of a list with one tensor of indices for each layer, as LAPE's files have."""
    if not isinstance(content, (list, tuple)) or not content:
        raise RowsError("it holds no list of layers")
    if all(isinstance(layer, (list, tuple)) for layer in content):
        count = len(content)
        message = f"it holds {count} lists of layers: say with 'language' which one to take, by its place or its name"
        raise RowsError(message, tuple(map(str, range(count))))
    for layer, indices in enumerate(content):
        if not isinstance(indices, np.ndarray):
            raise RowsError(f"layer {layer} is no tensor of indices")
        yield from ({"layer": str(layer), "neuron": str(index)} for index in indices.tolist())


def _json_rows(content: object, above: dict[str, str]) -> Iterator[dict[str, str]]:
    """Yield the neurons of JSON: names, [layer, index], mappings with both, or a layer with a list of its neurons."""
    if isinstance(content, str):
        yield {**above, "neuron": content}
    elif isinstance(content, list):
        yield from _of_list(content, above)
    elif isinstance(content, dict):
        yield from _of_mapping(content, above)
    else:
        raise RowsError(f"{quoted(str(content))} is no neuron")


def _of_list(content: list[object], above: dict[str, str]) -> Iterator[dict[str, str]]:
    whole = all(_is_whole(each) for each in content)
    if whole and "layer" in above:
        yield from ({**above, "neuron": str(each)} for each in content)
    elif whole and len(content) == 2:
        yield {**above, "layer": str(content[0]), "neuron": str(content[1])}
    else:
        for each in content:
            yield from _json_rows(each, above)


def _of_mapping(content: dict[str, object], above: dict[str, str]) -> Iterator[dict[str, str]]:
    plain = {key: _text(value) for key, value in content.items() if not isinstance(value, (dict, list))}
    inside = next((key for key in _LISTS if isinstance(content.get(key), list)), None)
    if inside is not None:
        yield from _json_rows(content[inside], {**above, **plain})
    elif all(key.isdigit() for key in content):  # a list of neurons for each layer
        for layer, indices in content.items():
            yield from _json_rows(indices, {**above, "layer": layer})
    elif not plain:
        raise RowsError("it has several lists: say with 'language' which one to take", tuple(content))
    else:  # what a neuron says of itself first: the first things are told beside it
        yield {**plain, **{key: value for key, value in above.items() if key not in plain}}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def columns_of(rows: Sequence[NeuronRow], layer: str | None, neuron: str | None) -> tuple[str | None, str]:
    """Return the columns of layers and of neurons; no column of layers where neurons have their whole names.

    Raises RowsError where a column is not there.
    """
    columns = tuple(dict.fromkeys(column for row in rows for column in row.values))
    found = [
        next((each for each in columns if each == named), None)
        if named is not None
        else next((each for each in usual if each in columns), None)
        for named, usual in ((layer, LAYERS), (neuron, NEURONS))
    ]
    for what, named, column in (("layer", layer, found[0]), ("neuron", neuron, found[1])):
        if named is not None and column is None:
            raise RowsError(f"it has no column {quoted(named)}", columns)
        if what == "neuron" and column is None:
            usual = either([f"'{each}'" for each in NEURONS])
            raise RowsError(
                f"which column holds the neurons? Add 'neuron: NAME', or call it {usual}", columns
            )
    return found[0], str(found[1])
