"""The words that may be said of how a model is loaded.

Every pytest run imports them, so nothing else is loaded here.
"""

from __future__ import annotations

DTYPES = ("float32", "bfloat16", "float16", "auto")
"""The number types a model can compute in; ``auto`` is the one its config.json names."""

ATTENTIONS = ("sdpa", "eager", "flash_attention_2", "flex_attention")
"""Implementations of attention, by the name that Transformers gives them."""

DEVICES = ("cpu", "cuda", "cuda:N", "mps", "auto")
"""Where a model can run, ``N`` standing for a number."""

DEVICE = r"cpu|cuda(:\d+)?|mps|auto"
"""The pattern of a device."""
