"""All kinds of claim: our own, and those of other packages.

Another package brings a kind through the entry-point group ``neuronclaims.kinds``: each entry names a ``Kind``. In the
package's ``pyproject.toml``::

    [project.entry-points."neuronclaims.kinds"]
    steering = "my_package.steering:STEERING"
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from neuronclaims.claim_files.claims import Claim
from neuronclaims.claim_files.schema import FileSchema
from neuronclaims.kinds.attention import attention, compared
from neuronclaims.kinds.checked import CheckedKind
from neuronclaims.kinds.concepts import concept_matrix
from neuronclaims.kinds.interventions import restoration
from neuronclaims.kinds.interventions.changed import kind as changed
from neuronclaims.kinds.kind import Kind, KindWarning
from neuronclaims.kinds.logit_readout import congruence, prediction, proportion, share_trend
from neuronclaims.kinds.numbers import correlation, period
from neuronclaims.kinds.outliers import band, massive, outlier
from neuronclaims.kinds.projection import activity, activity_search
from neuronclaims.kinds.top_k import consistency, overlap, plain_ranking
from neuronclaims.kinds.two_sample import contrast, separation
from neuronclaims.measurements import Activations, Attention, Measurement
from neuronclaims.measurements.errors import first_line
from neuronclaims.sentences.ambiguity import check_templates
from neuronclaims.sentences.options import OptionError
from neuronclaims.sentences.templates import Template
from neuronclaims.sentences.wording.compiled import TemplateError

ENTRY_POINTS = "neuronclaims.kinds"
"""The entry-point group through which other packages bring kinds."""

OWN_KINDS: tuple[Kind, ...] = (
    contrast.KIND,
    separation.KIND,
    outlier.OUTLIER,
    outlier.NO_OUTLIER,
    massive.MASSIVE,
    massive.NOT_MASSIVE,
    band.BAND,
    activity.REGION,
    activity.ALIKE,
    activity_search.SOMEWHERE,
    restoration.RESTORATION,
    restoration.CORRUPTION,
    changed.ABLATION,
    changed.STEERING,
    changed.SCALING,
    changed.CLAMPING,
    prediction.KIND,
    consistency.CONSISTENCY,
    consistency.ABSENCE,
    overlap.SHARING,
    overlap.NEARER,
    concept_matrix.KIND,
    congruence.KIND,
    proportion.KIND,
    share_trend.KIND,
    correlation.KIND,
    period.KIND,
    plain_ranking.AMONG,
    plain_ranking.NOT_AMONG,
    plain_ranking.ONLY,
    attention.ATTENDING,
    attention.NOT_ATTENDING,
    compared.CONTRAST,
    compared.SEPARATION,
    compared.PREFERENCE,
)
"""The kinds of this package."""

PARTS = ("name", "template", "attainable", "joint_test_key", "needs", "judge")
"""What every kind has."""


@cache
def kinds() -> tuple[Kind, ...]:
    """Return all kinds of claim, our own first.

    A kind of another package that does not load, is not whole, or whose sentences or options clash with those of a
    kind before it is left out, with one warning that names it and says why.

    >>> [kind.name for kind in kinds()][:2]
    ['contrast', 'separation']
    """
    return whole((*OWN_KINDS, *_brought()), len(OWN_KINDS))


def templates() -> tuple[Template, ...]:
    """Return the sentence templates of all kinds.

    >>> templates()[0].shape
    '[SITE] neuron LAYER:INDEX (activates|does not activate) more|less for SET than SET [by at least AMOUNT]'
    """
    return tuple(kind.template for kind in kinds())


def kind_of(sentence: object) -> Kind:
    """Return the kind of a sentence, by the dataclass that its template builds."""
    return next(kind for kind in kinds() if type(sentence) is kind.template.build)


def columns_read(claim: Claim, need: Measurement) -> list[int] | None:
    """Return the neurons of a layer that a claim's verdict rests on; None for all of them, as with most kinds.

    A kind says so in ``neurons_read(claim)``, which it may leave out.
    """
    reads = getattr(kind_of(claim.sentence), "neurons_read", None)
    neurons = reads(claim) if reads is not None else None
    if neurons is None or not isinstance(need, (Activations, Attention)):
        return None
    return [each.index for each in neurons if each.layer == need.layer]


def whole(found: tuple[Kind, ...], trusted: int) -> tuple[Kind, ...]:
    """Return the kinds without those that clash; warn of each that is left out. The first ``trusted`` always stay.

    Raises TemplateError where two of the trusted read alike, OptionError where two declare one option differently.
    """
    try:
        _check(found)
    except (TemplateError, OptionError):
        if len(found) == trusted:
            raise
    else:
        return found
    good = whole(found[:trusted], trusted)
    for kind in found[trusted:]:
        try:
            _check((*good, kind))
        except (TemplateError, OptionError) as error:
            _warn(f"The kind of claim {kind.name!r} is left out: {first_line(error)}")
        else:
            good = (*good, kind)
    return good


def _check(found: tuple[Kind, ...]) -> None:
    names = [kind.name for kind in found]
    for name in names:
        if names.count(name) > 1:
            raise TemplateError(f"another kind of claim is called {name!r}")
    check_templates({kind.name: kind.template for kind in found})
    FileSchema.of([kind.template for kind in found])


def _brought() -> Iterator[Kind]:
    found: set[EntryPoint] = set(entry_points(group=ENTRY_POINTS))
    for entry in sorted(found, key=lambda entry: (entry.name, entry.value)):
        try:
            kind = entry.load()
        except Exception as error:  # a stranger's defect must not take our own kinds away
            _warn(f"The kind of claim {entry.name!r} ({entry.value}) does not load: {first_line(error)}")
            continue
        missing = [part for part in PARTS if not hasattr(kind, part)]
        if missing or isinstance(kind, type):
            what = f"it has no {', '.join(missing)}" if missing else "it is a class, not an object of one"
            _warn(f"The kind of claim {entry.name!r} ({entry.value}) is left out: {what}.")
        else:
            yield CheckedKind(kind)


def _warn(text: str) -> None:
    warnings.warn(text, KindWarning, stacklevel=2)
