"""The embedded model: a small GPT-2 that was trained, not planted, and the written world it was trained on.

Importing this package loads neither torch nor transformers; ``MODEL_FOLDER`` is all that a run needs to know.
"""

from __future__ import annotations

from pathlib import Path

MODEL_FOLDER: Path = Path(__file__).parent / "model"

__all__ = ["MODEL_FOLDER"]
