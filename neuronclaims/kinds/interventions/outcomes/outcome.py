"""What of a run counts: a logit, a probability, a loss, an entropy; one object for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from neuronclaims.measurements import Divergence, Entropy, Loss, Prediction
from neuronclaims.measurements.changing.outcomes.by_norm import ByNorm
from neuronclaims.sentences.outcomes.said import BY_NORM, NORM_WAYS
from neuronclaims.stats import EffectSize

if TYPE_CHECKING:
    from neuronclaims.kinds.interventions.changed_neurons import Floats
    from neuronclaims.measurements.changing.controls import ControlColumns
    from neuronclaims.measurements.changing.outcomes.reading import AblationColumns, Reading
    from neuronclaims.sentences.outcomes.said import NormWay, SaidOutcome
    from neuronclaims.stats import Estimate
    from neuronclaims.tokens.spans import ChangedTokens

THROUGH = NORM_WAYS[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One outcome: the effect that is its change, what it is called, and which margins it can have.

    ``key`` is what baselines know its values by, ``name`` what people read, ``told`` what notes say of how it is read.
    ``margin`` is what messages suggest, ``largest_margin`` what no change of it can reach. ``beside`` says that it is
    the share beside what is read, ``logarithm`` that its values are logarithms, so that notes give the ratio too,
    ``whole`` that it is 1 before any change, so that it can only fall.
    """

    effect: EffectSize
    key: str
    name: str
    unit: str
    margin: str
    largest_margin: float = np.inf
    told: str = "predicted is the token after the text"
    beside: bool = False
    logarithm: bool = False
    whole: bool = False

    @classmethod
    def of(cls, option: str, said: SaidOutcome) -> Outcome:
        """Return the outcome of a sentence; of tokens the option "outcome" says whether logits or probabilities count.

        >>> from neuronclaims.sentences.outcomes.said import SaidOutcome
        >>> Outcome.of("logit", SaidOutcome("token", " an", " a")).name, Outcome.of("logit", SaidOutcome("loss")).name
        ('difference of logits', 'loss (nats)')
        """
        if said.what == "probability" or (said.what == "token" and option == "probability"):
            return PROBABILITY
        if said.what == "token":
            return LOGIT if said.against is None else LOGIT_DIFFERENCE
        return GRADE if said.how == "graded by" else OUTCOMES[said.named][0]

    def other(self, said: SaidOutcome) -> Outcome:
        """Return the outcome that is reported beside this one."""
        if said.of_tokens:
            return PROBABILITY if not self.beside else Outcome.of("logit", replace(said, what="token"))
        return OUTCOMES[said.named][1]

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the largest mean change there can be.

        >>> PROBABILITY.bounds, OUTCOMES["continuations"][1].bounds
        ((-1.0, 1.0), (-1.0, 0.0))
        """
        return -self.largest_margin, 0.0 if self.whole else self.largest_margin

    def read(self, found: AblationColumns) -> tuple[Floats, Floats]:
        """Return its values (after, before) among what was measured."""
        return (found.beside_after, found.beside_before) if self.beside else (found.after, found.before)

    def of_controls(self, found: ControlColumns) -> Floats:
        """Return its values after controls were changed [texts, controls]."""
        return found.beside_after if self.beside else found.after

    def also(self, change: Estimate) -> tuple[Estimate, ...]:
        """Return a mean change on another scale, where it has one: that of logarithms as a ratio.

        >>> from neuronclaims.stats import Estimate
        >>> change = Estimate(OUTCOMES["perplexity"][0].effect, 0.0, -0.1, 0.1, 0.95, "t")
        >>> [round(each.high, 3) for each in OUTCOMES["perplexity"][0].also(change)]
        [1.105]
        """
        if not self.logarithm:
            return ()
        value, low, high = (
            None if each is None else float(np.exp(each)) for each in (change.value, change.low, change.high)
        )
        return (replace(change, effect=RATIO, value=value, low=low, high=high),)


def reading_of(said: SaidOutcome, loss_at: ChangedTokens | None = None) -> Reading:
    """Return what is read of a run for an outcome of a sentence; ``loss_at`` are the tokens whose loss counts."""
    if said.of_tokens:
        return Prediction(said.token, said.against)
    found = Loss(loss_at) if said.of_texts else _READINGS[said.what]
    if said.norm is None or not isinstance(found, (Loss, Entropy)):
        return found
    return ByNorm(found, "through" if said.norm == THROUGH else "fixed")


PROBABILITY = Outcome(
    EffectSize("change_of_probability", "mean change of the probability"),
    "probability",
    "probability",
    "probability",
    "0.1",
    largest_margin=1.0,
    beside=True,
)
LOGIT = Outcome(EffectSize("change_of_logit", "mean change of the logit"), "logit", "logit", "logit", "0.5")
LOGIT_DIFFERENCE = Outcome(
    EffectSize("change_of_logit_difference", "mean change of the difference of logits"),
    "difference of logits",
    "difference of logits",
    "logit",
    "0.5",
)
RATIO = EffectSize("ratio_of_perplexities", "perplexity after, as a multiple of that before")

_LOSS_TOLD = (
    "the loss is minus the log probability of each token of the text, in nats, its mean over the tokens"
)
_ACCURACY = Outcome(
    EffectSize("change_of_accuracy", "mean change of the share of tokens that are the likeliest ones"),
    "share of tokens that are the likeliest ones",
    "share of tokens that are the likeliest ones",
    "share",
    "0.1",
    largest_margin=1.0,
    beside=True,
)
_TEXTS_TOLD = (
    "read is what the model writes after the text; where all tokens are changed, those it writes are too"
)
GRADE = Outcome(
    EffectSize("change_of_continuations", "mean change of the grade of continuations"),
    "continuations",
    "grade of continuations",
    "grade",
    "0.1",
    told=_TEXTS_TOLD,
)
OUTCOMES = {
    "loss": (
        Outcome(
            EffectSize("change_of_loss", "mean change of the loss (nats)"),
            "loss",
            "loss (nats)",
            "loss",
            "0.1",
            told=_LOSS_TOLD,
        ),
        _ACCURACY,
    ),
    "perplexity": (
        Outcome(
            EffectSize("change_of_log_perplexity", "mean change of the log of the perplexity"),
            "log of the perplexity",
            "log of the perplexity",
            "log of the perplexity",
            "0.1",
            told=f"{_LOSS_TOLD}, and the perplexity its exponential",
            logarithm=True,
        ),
        _ACCURACY,
    ),
    "entropy": (
        Outcome(
            EffectSize("change_of_entropy", "mean change of the entropy (nats)"),
            "entropy",
            "entropy (nats)",
            "entropy",
            "0.1",
            told="the entropy is that of the next token's distribution after the text, in nats",
        ),
        Outcome(
            EffectSize(
                "change_of_largest_probability", "mean change of the probability of the likeliest token"
            ),
            "probability of the likeliest token",
            "probability of the likeliest token",
            "probability",
            "0.1",
            largest_margin=1.0,
            beside=True,
        ),
    ),
    "divergence": (
        Outcome(
            EffectSize("change_of_divergence", "mean KL divergence from before to after (nats)"),
            "divergence",
            "KL divergence (nats)",
            "divergence",
            "0.1",
            told="the divergence is Kullback and Leibler's, of the next token's distribution before from that after, "
            "its mean over the text's positions",
        ),
        Outcome(
            EffectSize(
                "change_of_tokens_kept", "mean change of the share of positions with the same likeliest token"
            ),
            "share of positions with the same likeliest token",
            "share of positions with the same likeliest token",
            "share",
            "0.1",
            largest_margin=1.0,
            beside=True,
            whole=True,
        ),
    ),
    "continuations": (
        Outcome(
            EffectSize("change_of_continuations", "mean change of the share of continuations that count"),
            "continuations",
            "share of continuations that count",
            "share",
            "0.1",
            largest_margin=1.0,
            told=_TEXTS_TOLD,
        ),
        Outcome(
            EffectSize(
                "change_of_same_texts", "mean change of the share of continuations that stay the same"
            ),
            "share of continuations that stay the same",
            "share of continuations that stay the same",
            "share",
            "0.1",
            largest_margin=1.0,
            beside=True,
            whole=True,
        ),
    ),
}
"""Outcomes that are no tokens, each with the one that is reported beside it."""


def _by_norm(outcome: Outcome, way: NormWay) -> Outcome:
    """Return the part of an outcome that goes through the final norm, or that does not."""
    key = "through_norm" if way == THROUGH else "norm_fixed"
    return replace(
        outcome,
        effect=EffectSize(f"{outcome.effect.key}_{key}", f"{outcome.effect.name} {way}"),
        key=f"{outcome.key} {way}",
        name=f"{outcome.name} {way}",
        told=f"{outcome.told}; {_NORM_TOLD[way]}",
    )


_NORM_TOLD: dict[NormWay, str] = {
    "through the final norm": "counted is by how much it is more than with the scale of the final norm as it was "
    "before the change, so that it is 0 before",
    "with the final norm fixed": "the final norm keeps the scale that it had before the change",
}
OUTCOMES |= {
    f"{what} {way}": (_by_norm(OUTCOMES[what][0], way), _by_norm(OUTCOMES[what][1], way))
    for what in BY_NORM
    for way in NORM_WAYS
}

_READINGS: dict[str, Reading] = {
    "entropy": Entropy(),
    "divergence": Divergence(),
    "continuations": Divergence(),  # beside which the texts are asked for
}
