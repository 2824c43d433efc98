"""Neurons as papers and tools write them: ``L31N892``, ``blocks.31.mlp.hook_post.892``, ``gpt2-small/6-mlp/123``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from neuronclaims.sentences.field_types import MisreadError, Word
from neuronclaims.sentences.messages import either, quoted
from neuronclaims.sentences.subjects.neurons import Neuron, one_neuron
from neuronclaims.sites import Site

_NUMBER = "([0-9]{1,9})"
_SHORT = re.compile(rf"L{_NUMBER}\.?N{_NUMBER}", re.IGNORECASE)
_HOOK = re.compile(rf"blocks\.{_NUMBER}\.([a-z_.]+?)(?:[.:/ ]|\[){_NUMBER}\]?")
_PEDIA = re.compile(rf"([\w.-]+)/{_NUMBER}-([\w.-]+)/{_NUMBER}")

HOOKS: Mapping[str, Site] = MappingProxyType(
    {
        "mlp.hook_pre": "mlp_pre",
        "mlp.hook_post": "mlp_post",
        "hook_mlp_out": "mlp_out",
        "hook_attn_out": "attn_out",
        "hook_resid_pre": "resid_pre",
        "hook_resid_mid": "resid_mid",
        "hook_resid_post": "resid_post",
    }
)
"""The sites of TransformerLens's hooks whose last axis is neurons."""

_PLAIN_SOURCES = ("mlp", "neurons")
"""The sources of Neuronpedia that are neurons of the model, not latents of a dictionary."""


@dataclass(frozen=True, slots=True)
class Spelled:
    """A neuron that was read from a name, and the site that the name says; None where it says none."""

    neuron: Neuron
    site: Site | None = None


def spelled_neuron(text: str) -> Spelled:
    """Read a neuron in any of the ways that lists of neurons have. Raises MisreadError with what was meant.

    >>> spelled_neuron("L31N892").neuron
    Neuron(layer=31, index=892)
    >>> spelled_neuron("blocks.31.mlp.hook_post.892")
    Spelled(neuron=Neuron(layer=31, index=892), site='mlp_post')
    >>> spelled_neuron("gpt2-small/6-mlp/123").neuron
    Neuron(layer=6, index=123)
    """
    if short := _SHORT.fullmatch(text):
        return Spelled(Neuron(int(short[1]), int(short[2])))
    if hook := _HOOK.fullmatch(text):
        if hook[2] not in HOOKS:
            known = either([f"'{each}'" for each in HOOKS])
            raise MisreadError(f"{quoted(hook[2])} is no hook of neurons that is known: {known}")
        return Spelled(Neuron(int(hook[1]), int(hook[3])), HOOKS[hook[2]])
    if pedia := _PEDIA.fullmatch(text):
        if pedia[3] not in _PLAIN_SOURCES:
            raise MisreadError(
                f"{quoted(text)} is a latent of the dictionary {quoted(pedia[3])}, not a neuron"
            )
        return Spelled(Neuron(int(pedia[2]), int(pedia[4])))
    try:
        return Spelled(one_neuron(Word(text, 0)))
    except MisreadError as misread:
        reason = misread.reason or f"expected a neuron such as 11:365 or L11N365, found {quoted(text)}"
        raise MisreadError(reason, misread.suggestion) from None
