"""The kinds of claim: one file each, and here the list of them.

A kind from another package joins through the entry-point group ``neuronclaims.kinds``, whose entries name a Kind.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points

from neuronclaims.claim_files.schema import FileSchema
from neuronclaims.kinds.interventions import ablation, restoration
from neuronclaims.kinds.kind import FACT, PATIENCE, ClaimError, Family, Finding, Kind, Reach
from neuronclaims.kinds.logit_readout import congruence, readout
from neuronclaims.kinds.outliers import outlier
from neuronclaims.kinds.projection import activity, activity_search
from neuronclaims.kinds.top_k import consistency, overlap
from neuronclaims.kinds.two_sample import contrast, separation
from neuronclaims.sentences.ambiguity import check_templates
from neuronclaims.sentences.templates import Template

__all__ = [
    "FACT",
    "PATIENCE",
    "ClaimError",
    "Family",
    "Finding",
    "Kind",
    "Reach",
    "kind_of",
    "kinds",
    "templates",
]

ENTRY_POINTS = "neuronclaims.kinds"


@cache
def kinds() -> tuple[Kind, ...]:
    """Return all kinds of claim there are, our own first.

    Raises TemplateError when two of them read alike, OptionError when two declare one option differently.
    """
    found: tuple[Kind, ...] = (
        contrast.KIND,
        separation.KIND,
        outlier.OUTLIER,
        outlier.NO_OUTLIER,
        outlier.MASSIVE,
        outlier.NOT_MASSIVE,
        outlier.BAND,
        activity.REGION,
        activity.ALIKE,
        activity_search.SOMEWHERE,
        restoration.KIND,
        ablation.KIND,
        readout.KIND,
        consistency.CONSISTENCY,
        consistency.ABSENCE,
        overlap.SHARING,
        overlap.NEARER,
        congruence.KIND,
        *_from_other_packages(),
    )
    check_templates({kind.name: kind.template for kind in found})
    FileSchema.of([kind.template for kind in found])
    return found


def templates() -> tuple[Template, ...]:
    """Return how the sentences of all kinds read."""
    return tuple(kind.template for kind in kinds())


def kind_of(sentence: object) -> Kind:
    """Return the kind a sentence is of, by the dataclass its template builds."""
    return next(kind for kind in kinds() if type(sentence) is kind.template.build)


def _from_other_packages() -> Iterator[Kind]:
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        try:
            yield entry.load()
        except Exception as error:  # a stranger's defect must not take our own kinds away
            warnings.warn(f"The kind of claim {entry.value!r} did not load: {error}", stacklevel=2)
