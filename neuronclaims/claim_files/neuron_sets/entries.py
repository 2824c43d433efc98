"""What an entry of ``neurons:`` may hold: a list of neurons, or a file that lists them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from neuronclaims.claim_files.entries import Column, Path, Text, Texts, Where
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.sentences.options import OneOf
from neuronclaims.sites import site_names

Site = Annotated[str, OneOf("site", site_names())]
Listed = Annotated[list[Text], Field(min_length=1)]


class _Sited(FileMapping):
    site: Site | None = Field(
        None, description="The site where the neurons lie, where it is not that of the claims."
    )


class _ListedNeurons(FileMapping):
    neurons: Listed = Field(description="The neurons: 11:365, L11N365, blocks.11.mlp.hook_post.365.")


class ListedNeurons(_Sited, _ListedNeurons):
    """A set of neurons written in the claim file, with their site."""


class _NeuronColumns(FileMapping):
    file: Path = Field(description="A .csv, .tsv, .jsonl, .json or .pth file, relative to the claim file.")
    get: Text | None = Field(
        None,
        description="How to get the file where it is not shipped with the claims; then its absence is no mistake.",
    )
    layer: Column | None = Field(None, description="The column that holds the layers ('layer' by default).")
    neuron: Column | None = Field(
        None,
        description="The column that holds the neurons' indices, or their whole names ('neuron' by default).",
    )
    where: Where | None = Field(
        None, description="Which rows to take: for each column a value or a list of values."
    )
    language: Text | None = Field(
        None, description="Which list of a file with several: its name, or its place, counted from 0."
    )
    languages: Texts | None = Field(
        None, description="The names of the lists of a .pth file, in their order, where it has none."
    )


class FileNeurons(_Sited, _NeuronColumns):
    """A set of neurons listed in a file."""


NeuronsEntry = Listed | ListedNeurons | FileNeurons
"""An entry of ``neurons:``."""
