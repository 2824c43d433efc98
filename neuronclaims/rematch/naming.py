"""Find the neurons that a sentence names, and write the same sentence about others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from neuronclaims.sentences.changes.change import ModelChange
from neuronclaims.sentences.subjects.heads import HeadSubject
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.subjects.subject import Subject


def named(sentence: Any) -> dict[str, tuple[Neuron, ...]]:
    """Return the neurons a sentence names, by its fields; a claim of some neuron, or of none, names none."""
    found = {field.name: _neurons(getattr(sentence, field.name)) for field in fields(sentence)}
    return {name: neurons for name, neurons in found.items() if neurons}


def renamed(sentence: Any, places: Mapping[Neuron, Neuron]) -> Any:
    """Return the sentence with every neuron it names replaced by the one in ``places``."""
    changes = {name: _renamed(getattr(sentence, name), places) for name in named(sentence)}
    return replace(sentence, **changes)


def _neurons(value: Any) -> tuple[Neuron, ...]:
    if isinstance(value, Neuron):
        return (value,)
    if isinstance(value, ModelChange):
        return value.written
    if isinstance(value, HeadSubject):
        return ()  # heads are not looked for by their values
    if isinstance(value, Subject):
        return () if value.said is not None else value.neurons
    if isinstance(value, tuple) and value and all(isinstance(each, Neuron) for each in value):
        return value
    return ()


def _renamed(value: Any, places: Mapping[Neuron, Neuron]) -> Any:
    if isinstance(value, Neuron):
        return places[value]
    if isinstance(value, ModelChange):
        return value.renamed(places)
    neurons = tuple(places[neuron] for neuron in _neurons(value))
    return replace(value, neurons=neurons) if isinstance(value, Subject) else neurons
