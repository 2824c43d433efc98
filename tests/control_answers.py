"""What stand-ins for models answer when they are asked for random neurons in the place of a claim's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from neuronclaims.measurements.changing.controls import Controls


def controls_answer(asked: Controls, answer: Callable[[Any], np.ndarray], width: int) -> np.ndarray:
    """Answer with what other neurons do in every text: the next of each layer, one list after the other."""
    named = asked.of.need.neurons
    lists, after, chances = [], [], []
    for number in range(asked.count):
        drawn, at = [], number
        for layer, _ in named:
            free = [index for index in range(width) if (layer, index) not in {*named, *drawn}]
            drawn.append((layer, free[at % len(free)]))
        rows = answer(replace(asked.of, neurons=tuple(drawn)))
        lists.append([index for _, index in drawn])
        after.append(rows[:, 2 if asked.of.need.pairs else 1])
        chances.append(rows[:, 3] if rows.shape[1] > 3 else np.zeros(len(rows)))
    texts = len(asked.request.items)
    sizes = np.ones((texts, 1 + asked.count))
    indices = np.tile(np.ravel(lists), (texts, 1))
    return np.column_stack([*after, *chances, sizes, indices]).astype(np.float32)
