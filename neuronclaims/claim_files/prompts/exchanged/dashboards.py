"""What dashboards show of neurons or latents, as rows: one for each text that they show.

Three shapes are known. A feature of Neuronpedia (``neuronpedia.org/api/feature/MODEL/SOURCE/INDEX``): ``modelId``,
``layer``, ``index`` and ``activations``, each with its ``tokens``, ``values`` and ``maxValue``. A list of such
activations, which name the neuron themselves (``/api/activation/get``). A batch of SAEDashboard (``batch-0.json``):
``model_id``, ``layer``, ``sae_set`` and ``features``, each with ``feature_index`` and ``activations``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import TypeGuard

from neuronclaims.claim_files.prompts.exchanged.token_texts import SPECIAL, text_of
from neuronclaims.claim_files.yaml.source import ODD
from neuronclaims.foreign_files import Json


def is_dashboard(content: Json) -> TypeGuard[dict[str, Json] | list[Json]]:
    """Say whether JSON is what a dashboard shows of one neuron or of several."""
    batch = isinstance(content, dict) and isinstance(content.get("features"), list)
    shown = content["features"] if isinstance(content, dict) and batch else content
    features = shown if isinstance(shown, list) else [shown]
    return bool(features) and all(
        isinstance(each, dict) and ("activations" in each or ("tokens" in each and "modelId" in each))
        for each in features
    )


def dashboard_rows(content: Json) -> Iterator[dict[str, Json] | str]:
    """Yield a row for each text of a dashboard that is whole characters, or a sentence on what is wrong with it.

    Several documents that were shown as one text are a row each.

    >>> feature = {"modelId": "gpt2-small", "layer": "6-mlp", "index": "123", "activations": [
    ...     {"tokens": ["<|endoftext|>", "An", " apple"], "values": [0, 0, 2.5], "maxValue": 2.5}]}
    >>> list(dashboard_rows(feature))
    [{'text': 'An apple', 'model': 'gpt2-small', 'layer': '6-mlp', 'index': '123', 'value': 2.5}]
    """
    for feature in _features(content):
        for activation in feature.activations:
            tokens = activation.get("tokens") if isinstance(activation, dict) else None
            if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
                yield "an activation has no tokens: each is a list of texts"
                continue
            assert isinstance(activation, dict)
            for text, value in _documents([str(token) for token in tokens], activation):
                if not ODD.search(text):  # half a character, as tokens may have: no prompt is like it
                    yield {"text": text, **feature.named, "value": value}


@dataclass(frozen=True, slots=True)
class _Feature:
    """A neuron or a latent: what it is called, and what is shown of it."""

    named: dict[str, Json]
    activations: list[Json]


def _features(content: Json) -> Iterator[_Feature]:
    if isinstance(content, dict) and isinstance(features := content.get("features"), list):
        source = "-".join(
            str(part) for part in (content.get("layer"), content.get("sae_set")) if part is not None
        )
        for each in map(_object, features):
            named = {"model": content.get("model_id"), "layer": source, "index": each.get("feature_index")}
            yield _Feature(named, _list(each.get("activations")))
        return
    for each in map(_object, content if isinstance(content, list) else [content]):
        named = {"model": each.get("modelId"), "layer": each.get("layer"), "index": each.get("index")}
        yield _Feature(named, _list(each["activations"]) if "activations" in each else [each])


def _documents(tokens: list[str], activation: dict[str, Json]) -> Iterator[tuple[str, Json]]:
    """Yield the texts between special tokens, each with the largest value in it."""
    values = _list(activation.get("values"))
    known = len(values) == len(tokens)
    places = enumerate(tokens)
    for special, inside in groupby(places, key=lambda place: place[1] in SPECIAL):
        if special:
            continue
        own = list(inside)
        numbers = [values[place] for place, _ in own] if known else []
        largest = max((each for each in numbers if isinstance(each, (int, float))), default=None)
        yield text_of([token for _, token in own]), activation.get("maxValue") if largest is None else largest


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}
