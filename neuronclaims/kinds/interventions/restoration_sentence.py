"""What claims of restored and of corrupted neurons say: two sentences that mirror each other, and their options.

Neurons that are *restored* get their values of the clean text while the corrupted one runs: what returns, they suffice
for. Neurons that are *corrupted* get those of the corrupted text while the clean one runs: what is lost, they were
needed for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from neuronclaims import stats
from neuronclaims.kinds.interventions.controls.options import ControlOptions
from neuronclaims.kinds.interventions.controls.random_neurons import TAIL, Compared
from neuronclaims.kinds.interventions.refused import check_change, check_not_denied
from neuronclaims.kinds.outliers.token_share import check_share
from neuronclaims.kinds.shared.refusals import check_denied_unsearched
from neuronclaims.measurements.views.view import noun_of
from neuronclaims.sentences.changes.change import ModelChange
from neuronclaims.sentences.changes.field import ChangeField
from neuronclaims.sentences.numbers import number_text
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.sentences.templates import FieldError, Template
from neuronclaims.tokens.forms import AT, At
from neuronclaims.tokens.spans import ALL_TOKENS

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim


@dataclass(frozen=True, slots=True)
class Patching:
    """One of the two ways that values change hands between the texts of a pair, and how it is said.

    ``restores`` says that the corrupted text is run with values of the clean one, not the other way round. ``done`` is
    what was done with neurons, ``does`` and ``did`` what this does to a prediction.
    """

    restores: bool
    purpose: str
    done: str
    does: str
    did: str
    effect: stats.EffectSize
    changed: stats.EffectSize

    @property
    def sign(self) -> int:
        """Which way the prediction goes: up to that of the clean text, or down to that of the corrupted one."""
        return 1 if self.restores else -1

    @property
    def whole(self) -> str:
        """What the share is of, in words."""
        return "what was lost" if self.restores else "what there was to lose"

    @property
    def column(self) -> str:
        """What tables call the prediction after the change."""
        return "restored" if self.restores else "clean, changed"


RESTORED = Patching(
    restores=True,
    purpose="restoration",
    done="restored",
    does="recover",
    did="recovered",
    effect=stats.EffectSize("share_recovered", "share recovered", scale="ratio"),
    changed=stats.EffectSize("restored_less_corrupted", "restored minus corrupted (logits)"),
)
CORRUPTED = Patching(
    restores=False,
    purpose="corruption",
    done="corrupted",
    does="remove",
    did="removed",
    effect=stats.EffectSize("share_removed", "share removed", scale="ratio"),
    changed=stats.EffectSize("clean_less_changed", "clean minus the same with neurons corrupted (logits)"),
)


@dataclass(frozen=True, slots=True)
class PatchingSentence:
    """A sentence of neurons that get their values of another text, in parts; several change together."""

    template: ClassVar[Template[Any]]
    way: ClassVar[Patching]

    change: ModelChange
    verb: str
    token: str
    against: str | None
    pairs: str
    share: float | None = None
    often: float | None = None
    compared: Compared | None = None

    def __post_init__(self) -> None:
        check_share(self.often, lowest="5%", highest="95%", field="often")
        if self.denies and self.often is not None:
            raise FieldError(
                "often", "a claim of 'does not' is one of all pairs; leave the share of pairs out"
            )
        if self.denies and self.share is not None:
            message = "a claim of 'does not' names no number; the share that would matter is its margin"
            raise FieldError("share", message, f"margin: {number_text(self.share)}")

    def __str__(self) -> str:
        return self.template.render(self)

    @property
    def denies(self) -> bool:
        """Whether it says "does not"."""
        return self.verb.startswith("does not")

    @property
    def beyond(self) -> bool:
        """Whether what is claimed is the share beyond that of random neurons."""
        return self.compared is not None

    @property
    def neurons(self) -> tuple[Neuron, ...]:
        """The neurons that change together."""
        return self.change.neurons


class Restoring(PatchingSentence):
    """The sentence of restored neurons."""

    __slots__ = ()
    way = RESTORED


class Corrupting(PatchingSentence):
    """The sentence of corrupted neurons."""

    __slots__ = ()
    way = CORRUPTED


class RestorationOptions(ControlOptions):
    """What claims of restoration take besides."""

    at: At = Field(ALL_TOKENS, description=AT)
    noise_floor: float | None = Field(
        None, gt=0, description="The size below which a difference between two predictions is noise."
    )


def _check(claim: Claim[Any, Any]) -> None:
    """Raise FieldError for settings that the sentence cannot have."""
    check_not_denied(claim, "verb", denies=claim.sentence.denies)
    check_change(claim)
    if claim.sentence.denies:
        check_denied_unsearched(claim, noun_of(claim.settings.site))


def patching_template(verb: str, build: type[PatchingSentence]) -> Template[Any]:
    """Return the template of the sentences with one verb."""
    does = build.way.does
    build.template = Template(
        f"{{change:change}} {{verb:{does}s|does not {does}}} [at least {{share:share}} of] {{token:token}} "
        "[over {against:token}] in {pairs:pairs} [for at least {often:share} of pairs] "
        f"{TAIL}",
        build,
        options=RestorationOptions,
        pooled=False,
        margin="'margin: 0.1', the share that would matter",
        check=_check,
        field_types={"change": ChangeField(verb)},
    )
    return build.template
