"""Look for neurons in another model, and rewrite claim files for it.

An index means the same neuron in a model that was fine-tuned, and nothing in one that was trained anew: so neurons
are recognised by what they do, token by token, and their claims are tested again where they are found.
"""

from __future__ import annotations

from neuronclaims.rematch.journey import Rematched, rematch
from neuronclaims.rematch.models import TwoModels
from neuronclaims.rematch.rewrite import RewriteError, beside, moves, write
from neuronclaims.rematch.search import Match

__all__ = ["Match", "Rematched", "RewriteError", "TwoModels", "beside", "moves", "rematch", "write"]
