"""The protocol of what is read of a text before and after a change, and its columns."""

from __future__ import annotations

from typing import ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from neuronclaims.tokens.spans import ChangedTokens

Floats: TypeAlias = NDArray[np.float64]


class AblationColumns(NamedTuple):
    """What is read before and after a change, and the divergence in nats: [prompts] each.

    ``before`` and ``after`` are the number itself, ``beside_before`` and ``beside_after`` the share that tells the same
    on a scale from 0 to 1: of a prediction, the probability of its token.
    """

    before: Floats
    after: Floats
    beside_before: Floats
    beside_after: Floats
    divergence: Floats


class Reading(Protocol):
    """Two numbers that are read of a run on a text: the one asked for, and a share beside it.

    ``str`` is the reading in words.
    """

    reader: ClassVar[str]
    """What reads it, as "module:class": see ``models.running.changing.outcomes.OutcomeReader``."""

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens it names; each must be one token of the model's vocabulary."""
        ...

    @property
    def parts(self) -> tuple[object, ...]:
        """Its lasting name in the cache, as parts of JSON, with all its settings."""
        ...

    @property
    def at(self) -> ChangedTokens | None:
        """The tokens of a text that it is about; None where it is the whole text, or its end."""
        ...
