"""All forms of subjects besides neurons and sets of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from neuronclaims.sentences.subjects.directions import DirectionForm
from neuronclaims.sentences.subjects.forms import SubjectForm
from neuronclaims.sentences.subjects.head_names import HeadForm
from neuronclaims.sentences.subjects.latents import EveryLatentForm, LatentForm, SomeLatentForm
from neuronclaims.sentences.subjects.picked import SomeForm

FORMS: Mapping[str, SubjectForm] = MappingProxyType(
    {
        "direction": DirectionForm("direction"),
        "probe": DirectionForm("probe"),
        "latent": LatentForm(),
    }
)
"""The forms of one subject, by the word each begins with."""

GROUPS: Mapping[str, SubjectForm] = MappingProxyType(
    {
        "every latent": EveryLatentForm(),
        "some latent": SomeLatentForm(),
    }
)
"""The forms of subjects that are several, or one of several, by the two words each begins with."""

CHANGED_FORMS: Mapping[str, SubjectForm] = MappingProxyType({**FORMS, "head": HeadForm(), "some": SomeForm()})
"""The forms of what can be changed: also heads, which give several numbers, so that none of them is *the* value.

"some" begins what no sentence names: that one of many which does the most.
"""
