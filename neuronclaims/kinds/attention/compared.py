"""Attention compared: heads that look at tokens more in one set than in another, or more than at other tokens.

    head 9:6 attends more to subject from last for repeated than fresh [by at least 0.1]
    head 9:6 separates repeated from fresh by attention to subject from last [with AUROC at least 0.8]
    head 9:6 attends more to indirect_object than to subject from last in ioi

Each is judged as contrast and separation are, with the attention of a prompt in the place of an activation. Of two
sorts of tokens in the same prompts, each prompt is a pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from neuronclaims.kinds.attention.fields import FIELDS
from neuronclaims.kinds.attention.reading import between_sets, tokens_in_words, tokens_read, within_prompts
from neuronclaims.kinds.shared.margins import AUROC_MARGIN, check_auroc
from neuronclaims.kinds.shared.refusals import subject_check
from neuronclaims.kinds.shared.subjects.ranks import RankedMarginOptions
from neuronclaims.kinds.shared.subjects.subjects import check_denied
from neuronclaims.kinds.two_sample.contrast import contrast_hypothesis
from neuronclaims.kinds.two_sample.kind import TwoSampleKind
from neuronclaims.kinds.two_sample.separation import separation_hypothesis
from neuronclaims.measurements.attention.attention import ATTENTION
from neuronclaims.sentences.templates import FieldError, Template

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.sentences.numbers import Amount
    from neuronclaims.sentences.subjects.heads import HeadSubject
    from neuronclaims.tokens.attended import AttendedTokens
    from neuronclaims.tokens.readings import TokensAsked
    from neuronclaims.tokens.spans import ChangedTokens

NOT, NOT_SEPARATE = "does not attend", "does not separate"
_MARGIN = "'margin: 0.1', the difference in attention that would matter"


@dataclass(frozen=True, slots=True)
class AttentionContrast:
    """The sentence that heads look at tokens more, or less, in one set than in another, in parts."""

    who: HeadSubject
    verb: Literal["attends", "does not attend"]
    direction: Literal["more", "less"]
    to: AttendedTokens
    origin: ChangedTokens
    first: str
    second: str
    by: Amount | None = None

    def __post_init__(self) -> None:
        _check_denial(self.verb, self.who, self.by)

    def __str__(self) -> str:
        return CONTRAST_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class AttentionSeparation:
    """The sentence that what heads look at tells two sets apart, in parts."""

    who: HeadSubject
    verb: Literal["separates", "does not separate"]
    first: str
    second: str
    to: AttendedTokens
    origin: ChangedTokens
    auroc: float | None = None

    def __post_init__(self) -> None:
        denied = self.verb == NOT_SEPARATE
        if denied:
            check_denied(self.who)
        check_auroc(self.auroc, denied=denied, either_way=True)

    def __str__(self) -> str:
        return SEPARATION_TEMPLATE.render(self)


@dataclass(frozen=True, slots=True)
class AttentionPreference:
    """The sentence that heads look at some tokens more, or less, than at others in the same prompts, in parts."""

    who: HeadSubject
    verb: Literal["attends", "does not attend"]
    direction: Literal["more", "less"]
    to: AttendedTokens
    other: AttendedTokens
    origin: ChangedTokens
    first: str
    by: Amount | None = None

    def __post_init__(self) -> None:
        _check_denial(self.verb, self.who, self.by)
        if self.to == self.other:
            raise FieldError("other", "the same tokens stand on both sides: name others")

    def __str__(self) -> str:
        return PREFERENCE_TEMPLATE.render(self)


def _check_denial(verb: str, who: HeadSubject, by: Amount | None) -> None:
    if verb != NOT:
        return
    check_denied(who)
    if by is not None:
        message = "a claim of 'does not' names no number; the difference that would matter is its margin"
        raise FieldError("by", message, f"margin: {by}")


_ATTENDS = "{who:heads} {verb:attends|does not attend} {direction:more|less} to {to:attended}"
CONTRAST_TEMPLATE = Template(
    f"{_ATTENDS} from {{origin:origin}} for {{first:set}} than {{second:set}} [by at least {{by:amount}}]",
    AttentionContrast,
    options=RankedMarginOptions,
    check=subject_check(NOT),
    margin=_MARGIN,
    pooled=False,
    own_site=ATTENTION,
    field_types=FIELDS,
)
SEPARATION_TEMPLATE = Template(
    "{who:heads} {verb:separates|does not separate} {first:set} from {second:set} by attention to {to:attended} "
    "from {origin:origin} [with AUROC at least {auroc:number}]",
    AttentionSeparation,
    options=RankedMarginOptions,
    check=subject_check(NOT_SEPARATE),
    margin=f"'margin: 0.1', {AUROC_MARGIN}",
    pooled=False,
    own_site=ATTENTION,
    field_types=FIELDS,
)
PREFERENCE_TEMPLATE = Template(
    f"{_ATTENDS} than to {{other:attended}} from {{origin:origin}} in {{first:set}} [by at least {{by:amount}}]",
    AttentionPreference,
    options=RankedMarginOptions,
    check=subject_check(NOT),
    margin=_MARGIN,
    pooled=False,
    own_site=ATTENTION,
    field_types=FIELDS,
)


@dataclass(frozen=True, slots=True)
class ComparedAttentionKind(TwoSampleKind):
    """A kind that compares the attention of heads."""

    def tokens_read(self, claim: Claim) -> tuple[TokensAsked, ...]:
        """Return the tokens that are looked at, and those that look."""
        return tokens_read(claim)

    def tokens_in_words(self, claim: Claim) -> str:
        """Return from which tokens the heads look, and to which."""
        return tokens_in_words(claim)


CONTRAST = ComparedAttentionKind("attention contrast", CONTRAST_TEMPLATE, contrast_hypothesis, between_sets)
SEPARATION = ComparedAttentionKind(
    "attention separation", SEPARATION_TEMPLATE, separation_hypothesis, between_sets
)
PREFERENCE = ComparedAttentionKind(
    "attention preference", PREFERENCE_TEMPLATE, contrast_hypothesis, within_prompts
)
