"""Read one entry of ``neurons:``: neurons written in the claim file, or taken from a file."""

from __future__ import annotations

from neuronclaims.claim_files.errors import ClaimFileError, Problem
from neuronclaims.claim_files.yaml.positions import Items, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.sentences.field_types import MisreadError, Word
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.subjects.neuron_sets import NeuronSet
from neuronclaims.sentences.subjects.neurons import ONE_NEURON, Neuron, one_neuron


def read_neurons(name: str, key: Scalar, node: Node, source: SourceText) -> NeuronSet:
    """Read one entry of ``neurons``. Raises ClaimFileError with all that is wrong with it."""
    if not isinstance(node, Items) or not node.items:
        message = f"the set of neurons {quoted(name)} must hold neurons: [11:365, 11:680]"
        raise ClaimFileError([source.problem(key.start, message, width=key.end - key.start)])
    found: dict[Neuron, None] = {}
    problems: list[Problem] = []
    for item in node.items:
        if not isinstance(item, Scalar):
            problems.append(source.problem(item.start, f"expected {ONE_NEURON.what}"))
            continue
        width = item.end - item.start
        try:
            neuron = one_neuron(Word(item.text, 0))
        except MisreadError as misread:
            message = misread.reason or f"expected {ONE_NEURON.what}, found {quoted(item.text)}"
            problems.append(source.problem(item.start, message, width=width, suggestion=misread.suggestion))
            continue
        if neuron in found:
            problems.append(source.problem(item.start, f"neuron {neuron} is named twice", width=width))
        found[neuron] = None
    if problems:
        raise ClaimFileError(problems)
    return NeuronSet(name, tuple(found))
