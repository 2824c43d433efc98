"""How much is drawn at random: a run of ``make test`` draws less, ``make thorough`` draws all.

Whatever a test asks of what was drawn goes with the number: limits are those of the binomial law, or said beside it.
"""

from __future__ import annotations

import os
from typing import TypeVar

Some = TypeVar("Some")
THOROUGH = os.environ.get("THOROUGH") == "1"


def draws(few: Some, many: Some) -> Some:
    """Give what a usual run takes, or what a thorough one does."""
    return many if THOROUGH else few
