"""All forms of subjects besides neurons and sets of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from neuronclaims.sentences.subjects.directions import DirectionForm
from neuronclaims.sentences.subjects.forms import SubjectForm
from neuronclaims.sentences.subjects.latents import LatentForm

FORMS: Mapping[str, SubjectForm] = MappingProxyType(
    {
        "direction": DirectionForm("direction"),
        "probe": DirectionForm("probe"),
        "latent": LatentForm(),
    }
)
"""The forms of one subject, by the word each begins with."""
