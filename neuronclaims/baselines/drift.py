"""Compare claims with a baseline: for each claim one word, with the sentence and the numbers behind it.

All claims of a file on one model are judged together, since several alarms need a correction (Holm). Where the values
of the same units are known under both models, the change of the effect is tested; "held" is then said only where a
fall beyond the margin is excluded, "weaker" only where one is shown, and anything between is "unclear".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from neuronclaims import stats
from neuronclaims.baselines.asked import edits, same_where_known
from neuronclaims.baselines.changes import as_effect, paired_values, same_values
from neuronclaims.baselines.paired import ALPHA, Paired
from neuronclaims.baselines.policy import By, Policy, Status
from neuronclaims.baselines.rows import SavedClaim, SavedEffect
from neuronclaims.baselines.sentences import from_to, left_out, numbers, only, other_verdict
from neuronclaims.results import Effect, Verdict

UNKNOWN_EDIT = "the claim, its prompts or its settings are others than in the baseline"
"""Said of an edited claim where the baseline is too old to tell what was edited."""


@dataclass(frozen=True, slots=True)
class Drift:
    """What became of one claim: ``status`` and, in ``sentence``, why.

    ``was`` and ``before`` are verdict and effect in the baseline. ``change`` is that of the effect where values of the
    same units are known, with the p of the alarm, alone and corrected over the family; ``by`` says what was compared.
    """

    status: Status
    sentence: str
    was: Verdict | None = None
    before: float | None = None
    change: Effect | None = None
    p: float | None = None
    p_adjusted: float | None = None
    by: By = "nothing"

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Drift:
        """Return the drift that ``dataclasses.asdict`` made plain."""
        change = plain.get("change")
        return cls(**{**plain, "change": Effect(**change) if change else None})


def drifts(
    old: Mapping[str, SavedClaim], new: Mapping[str, SavedClaim], policy: Policy, *, noise: float
) -> dict[str, Drift]:
    """Return what became of each claim of ``new``, a family, by its name; ``old`` are the rows of a baseline.

    ``noise`` is the share of the largest value by which values differ when the same model is asked again.
    """
    found: dict[str, Drift | _Look] = {
        name: _looked(old.get(name), row, policy, noise) for name, row in new.items()
    }
    looks = {name: look for name, look in found.items() if isinstance(look, _Look)}
    adjusted = stats.adjust([look.p for look in looks.values()], "holm")
    corrected = dict(zip(looks, adjusted, strict=True))
    return {
        name: _concluded(each, corrected[name] or 0.0) if isinstance(each, _Look) else each
        for name, each in found.items()
    }


def missing(old: SavedClaim) -> Drift:
    """Return the drift of a row of the baseline whose claim no longer exists.

    Only reports have rows of claims that could not be tested, so these are not missing elsewhere.
    """
    if old.verdict is None:
        return Drift("untestable", f"it could not be tested then, and no row is kept of it: {old.error}")
    return Drift(
        "missing", f"the baseline has this claim, and no claim file does: {old.sentence}", old.verdict
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """A claim whose change is tested: ``p`` is that of the alarm that its verdicts ask for, named ``alarm``."""

    old: SavedClaim
    new: SavedClaim
    pair: Paired
    alarm: Status
    p: float


def _looked(old: SavedClaim | None, new: SavedClaim, policy: Policy, noise: float) -> Drift | _Look:
    if old is None and new.verdict is None:
        return Drift("untestable", f"it could not be tested now, and never was before: {new.error}")
    if old is None:
        return Drift("new", "the baseline does not have this claim")
    if new.verdict is None and old.verdict is None:
        before = "" if new.error == old.error else f" (before: {old.error})"
        return _said(old, "untestable", f"it could be tested neither then nor now: {new.error}{before}")
    if new.verdict is None:
        return _said(old, "untestable", f"it could not be tested now: {new.error}")
    if old.verdict is None:
        return _said(old, "untestable", f"it could not be tested for the baseline: {old.error}")
    if edited(old, new):
        return _said(old, "edited", edits(old, new) or UNKNOWN_EDIT)
    if same_values(old, new):
        return _said(
            old, "held", f"every value is the same as in the baseline{other_verdict(old, new)}", "values"
        )
    if new.share is not None:
        policy = replace(policy, weaker=new.share, stronger=new.share)
    pair = paired_values(old, new, down=policy.weaker, up=policy.stronger, noise=noise)
    if pair is None:
        return _by_numbers(old, new, policy)
    if pair.within_noise:
        text = f"no value differs by more than measuring again may change it{other_verdict(old, new)}"
        return _said(old, "held", text, "values", as_effect(pair.change))
    if pair.scale == "auroc" and pair.change.same and old.verdict == new.verdict:
        text = f"every unit keeps its place between the sets{from_to(old, new)}"
        return _said(old, "held", text, "values", as_effect(pair.change))
    return _look(old, new, pair)


def edited(old: SavedClaim, new: SavedClaim) -> bool:
    """Say whether two rows ask different things; of a row from a report, its prompts and options are not known."""
    if old.content and new.content:
        return old.content != new.content
    return not same_where_known(old, new)


def _look(old: SavedClaim, new: SavedClaim, pair: Paired) -> _Look:
    if old.verdict == "supported" and new.verdict != "supported":
        return _Look(old, new, pair, "lost", pair.p_fell())
    if new.verdict == "supported" and old.verdict != "supported":
        return _Look(old, new, pair, "gained", pair.p_rose())
    fell, rose = pair.p_weaker(), pair.p_stronger()
    return _Look(old, new, pair, "weaker" if fell <= rose else "stronger", min(1.0, 2 * min(fell, rose)))


def _concluded(look: _Look, p: float) -> Drift:
    old, new, pair, alpha = look.old, look.new, look.pair, look.old.alpha or ALPHA
    change = as_effect(pair.change, 1 - alpha)
    shown = p <= alpha
    turned = {old.verdict, new.verdict} == {"supported", "refuted"}
    flipped = look.alarm in ("lost", "gained")
    status: Status = look.alarm if shown or (flipped and turned) else "unclear"
    if status == "unclear" and not flipped and (pair.p_held() <= alpha or _still_unshown(old, new)):
        status = "held"
    return Drift(
        status,
        f"{_reason(look, status)}{from_to(old, new, '')}{numbers(change, p, status)}{left_out(pair)}",
        old.verdict,
        _value(old.effect),
        change,
        look.p,
        p,
        "values",
    )


def _still_unshown(old: SavedClaim, new: SavedClaim) -> bool:
    """Say whether a claim was not supported before and is not now: then no fall of its effect must be excluded."""
    return old.verdict == new.verdict != "supported"


def _reason(look: _Look, status: Status) -> str:
    pair = look.pair
    share = pair.up if look.alarm == "stronger" else pair.down
    beyond = f"{100 * share:.3g} % of its effect"
    if pair.allowance is not None:
        beyond = f"{share * pair.allowance:.2g}, {100 * share:.3g} % of its effect or of half its interval,"
    if status in ("lost", "gained"):
        return f"was {look.old.verdict}, is {look.new.verdict}: "
    if status == "unclear" and look.alarm in ("lost", "gained"):
        way = "fell" if look.alarm == "lost" else "rose"
        return f"was {look.old.verdict}, is {look.new.verdict}, but that its effect {way} is not shown: "
    if status == "unclear":
        return f"a change by {beyond} is neither shown nor excluded: "
    if status == "held" and _still_unshown(look.old, look.new):
        return f"still {look.new.verdict}, and no change by {beyond} is shown: "
    if status == "held":
        return f"a change by {beyond} or more is excluded: "
    return f"a {'fall' if status == 'weaker' else 'rise'} by more than {beyond} is shown: "


def _by_numbers(old: SavedClaim, new: SavedClaim, policy: Policy) -> Drift:
    """Compare verdicts and intervals where the values of the same units are not known."""
    one, two = old.effect, new.effect
    if one is None or two is None or not one.is_as(two) or None in (one.value, two.value):
        status: Status = _by_verdict(old, new, apart=True)
        text = f"was {old.verdict}, is {new.verdict}{only('verdicts', old, new)}"
        return _said(old, status, text, "verdicts")
    if one.numbers == two.numbers and old.verdict == new.verdict:
        return _said(old, "held", "its effect and verdict are the same as in the baseline", "number")
    fact = old.p is None and new.p is None
    apart = fact or _apart(one, two)
    status = _by_verdict(old, new, apart)
    if status == "held" and apart:
        status = _shifted(old, one, two, policy, fact)
    by: By = "number" if fact else "intervals"
    verdicts = (
        f"was {old.verdict}, is {new.verdict}" if old.verdict != new.verdict else f"still {new.verdict}"
    )
    return _said(old, status, f"{verdicts}{from_to(old, new)}{only(by, old, new)}", by)


def _by_verdict(old: SavedClaim, new: SavedClaim, apart: bool) -> Status:
    if old.verdict == new.verdict or "supported" not in (old.verdict, new.verdict):
        return "held"
    turned = {old.verdict, new.verdict} == {"supported", "refuted"}
    if not (apart or turned):
        return "unclear"
    return "lost" if old.verdict == "supported" else "gained"


def _shifted(old: SavedClaim, one: SavedEffect, two: SavedEffect, policy: Policy, fact: bool) -> Status:
    """Name the shift of an effect whose intervals do not meet; a fact's by its share of the old number."""
    before, after = one.value or 0.0, two.value or 0.0
    rise = (after - before) * (-1 if old.side in ("less", "not greater", "within") else 1)
    share = policy.stronger if rise > 0 else policy.weaker
    if fact and abs(rise) <= share * abs(before):
        return "held"
    return "stronger" if rise > 0 else "weaker"


def _apart(one: SavedEffect, two: SavedEffect) -> bool:
    """Say whether two intervals do not overlap; False if either is missing."""
    if one.low is None or one.high is None or two.low is None or two.high is None:
        return False
    return one.high < two.low or two.high < one.low


def _said(
    old: SavedClaim, status: Status, sentence: str, by: By = "nothing", change: Effect | None = None
) -> Drift:
    return Drift(status, sentence, old.verdict, _value(old.effect), change, by=by)


def _value(effect: SavedEffect | None) -> float | None:
    return None if effect is None else effect.value
