"""What Neuronpedia's dashboards say of a neuron or a latent, as rows: one for each text that it was active in.

The format is that of ``neuronpedia.org/api/feature/MODEL/SOURCE/INDEX``: ``modelId``, ``layer``, ``index`` and
``activations``, each with its ``tokens``, ``values`` and ``maxValue``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from neuronclaims.claim_files.yaml.source import ODD
from neuronclaims.foreign_files import Json

_SPACES = {"\u2581": " ", "\u0120": " ", "\u010a": "\n", "\u21b5": "\n"}
"""What tokenizers and dashboards write for a space and for the end of a line, where they decode neither."""

_SPECIAL = ("<bos>", "<s>", "<|begin_of_text|>", "<|endoftext|>", "[CLS]")
"""Tokens that stand before a text and are none of it."""


def is_dashboard(content: Json) -> TypeGuard[dict[str, Json] | list[Json]]:
    """Say whether JSON is what a dashboard says of one neuron, or a list of these."""
    features = content if isinstance(content, list) else [content]
    return bool(features) and all(
        isinstance(each, dict) and isinstance(each.get("activations"), list) for each in features
    )


def dashboard_rows(content: Json) -> Iterator[dict[str, Json] | str]:
    """Yield a row for each text of a dashboard that is whole characters, or a sentence on what is wrong with it.

    >>> feature = {"modelId": "gpt2-small", "layer": "6-mlp", "index": "123", "activations": [
    ...     {"tokens": ["<|endoftext|>", "An", " apple"], "values": [0, 0, 2.5], "maxValue": 2.5}]}
    >>> list(dashboard_rows(feature))
    [{'text': 'An apple', 'model': 'gpt2-small', 'layer': '6-mlp', 'index': '123', 'value': 2.5}]
    """
    for feature in content if isinstance(content, list) else [content]:
        assert isinstance(feature, dict)
        activations = feature["activations"]
        for activation in activations if isinstance(activations, list) else []:
            tokens = activation.get("tokens") if isinstance(activation, dict) else None
            if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
                yield "an activation has no tokens: each is a list of texts"
                continue
            assert isinstance(activation, dict)
            text = _text([str(token) for token in tokens])
            if ODD.search(text):  # half a character, as tokens may have: no prompt can be compared with it
                continue
            yield {
                "text": text,
                "model": feature.get("modelId"),
                "layer": feature.get("layer"),
                "index": feature.get("index"),
                "value": activation.get("maxValue"),
            }


def _text(tokens: list[str]) -> str:
    """Return the text of some tokens, without what stands before it."""
    start = 0
    while start < len(tokens) and tokens[start] in _SPECIAL:
        start += 1
    text = "".join(tokens[start:])
    if " " in text:  # decoded already, so that these are letters of the text
        return text
    for written, meant in _SPACES.items():
        text = text.replace(written, meant)
    return text
