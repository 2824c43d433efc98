"""The content of a baseline, as plain data: rows of claims on models, and the environments of their measurements."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal, TypeAlias

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.results import Result, Verdict

SCHEMA = 2
FIRST_SCHEMA = 1
"""The schema of files that name claim files from the folder above their own, and say not what a claim asks."""

DIGITS = 7
"""Significant digits of values: those a float32 has."""

Scale: TypeAlias = Literal["difference", "sd", "auroc", "ratio", "mean", "share", "mean AUROC", "correlation"]
ONE_SET: Mapping[Scale, float] = {"mean": 0.0, "share": 0.0, "mean AUROC": 0.5}
"""The scales of effects that are the mean of one set's values, with the value that says nothing."""


class BaselineError(NeuronClaimsError):
    """A baseline that does not exist, cannot be read or is incomplete; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of a measurement: the model by its content, how it was run, and the versions of the libraries."""

    model: str
    weights: str
    tokenizer: str
    dtype: str
    device: str
    libraries: Mapping[str, str]

    @property
    def key(self) -> str:
        """A short content hash, by which rows name their environment."""
        return digest(asdict(self))[:10]


@dataclass(frozen=True, slots=True)
class SavedValues:
    """The values behind a claim's effect: one per unit of one or two sets, in the order of their keys.

    ``of`` says what was read (``mlp_post 2:340, mean of prompt``), ``scale`` on what scale the effect stands: for
    ``ratio`` it is the mean of the first over that of the second; for ``mean``, ``share`` (of units that have 0 or 1
    each, or shares of these) and ``mean AUROC`` the mean of the first, and there is no second.
    Keys are content hashes of a unit's prompts; where the sets are ``paired`` the units are aligned, and ``blocks``
    gives each unit's block where there are such. ``noise`` is by how much a value moved when everything was measured a
    second time, None where that was not done.
    """

    of: str
    scale: Scale
    paired: bool
    first: Mapping[str, float]
    second: Mapping[str, float]
    blocks: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    noise: float | None = None


@dataclass(frozen=True, slots=True)
class SavedEffect:
    """An effect with its interval, rounded.

    ``key`` tells effects apart, whatever their ``name``; None in baselines written before effects had keys.
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    key: str | None = None

    def is_as(self, other: SavedEffect) -> bool:
        """Say whether two effects are of one sort: by their keys, or by their names if one has no key.

        >>> from dataclasses import replace
        >>> known = SavedEffect("Hedges' g", 0.5, 0.2, 0.8, 0.95, "hedges_g")
        >>> known.is_as(replace(known, name="g")), known.is_as(replace(known, name="g", key=None))
        (True, False)
        """
        if self.key is None or other.key is None:
            return self.name == other.name
        return self.key == other.key

    @property
    def numbers(self) -> tuple[float | None, float | None, float | None, float]:
        """The value, the ends of its interval, and the level of that."""
        return self.value, self.low, self.high, self.level


@dataclass(frozen=True, slots=True)
class SavedClaim:
    """The result of one claim on one model, as a baseline keeps it.

    ``content`` is the hash of all that the claim asks, ``""`` where it is not known (a report instead of a baseline).
    ``verdict`` is None for a claim that could not be tested, with its ``error``. ``side`` is the claimed side of its
    effect, ``p`` the p of the claim alone and ``p_adjusted`` within its family of ``family``; all None for a fact.
    ``share`` is the share of its effect by which the claim says it may change. ``asked`` says what ``content`` is
    the hash of, in short (``asked.py``), None in files of schema 1.
    """

    content: str
    sentence: str
    kind: str
    environment: str
    verdict: Verdict | None
    effect: SavedEffect | None = None
    side: str | None = None
    p: float | None = None
    p_adjusted: float | None = None
    family: int | None = None
    alpha: float | None = None
    n: Mapping[str, int] = field(default_factory=dict)
    values: SavedValues | None = None
    error: str | None = None
    share: float | None = None
    asked: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """All rows of a file, by the name ``claims/file.claims.yaml::model::id``; environments by key."""

    rows: Mapping[str, SavedClaim]
    environments: Mapping[str, Environment]


def row_of(
    result: Result,
    content: str,
    environment: str,
    values: SavedValues | None,
    share: float | None = None,
    asked: Mapping[str, Any] | None = None,
) -> SavedClaim:
    """Return a result as a row of a baseline, with rounded numbers."""
    evidence = result.evidence
    common = {
        "content": content,
        "sentence": result.sentence,
        "kind": result.kind,
        "environment": environment,
        "verdict": result.verdict,
        "asked": {"site": result.site, "tokens": result.tokens, **(asked or {})},
    }
    if evidence is None:
        return SavedClaim(**common, error=result.error)  # type: ignore[arg-type]
    e, test = evidence.effect, evidence.test
    return SavedClaim(
        **common,  # type: ignore[arg-type]
        effect=SavedEffect(e.name, rounded(e.value), rounded(e.low), rounded(e.high), e.level, e.key or None),
        side=test.alternative if test else None,
        p=rounded(test.p_value) if test else None,
        p_adjusted=rounded(test.p_adjusted) if test else None,
        family=test.family if test else None,
        alpha=test.alpha if test else None,
        n=dict(evidence.counts),
        values=values,
        share=share,
    )


def rounded(value: float | None) -> float | None:
    """Return a number rounded to the digits of a float32; None for None and for infinity."""
    return None if value is None or not math.isfinite(value) else float(f"{value:.{DIGITS}g}")


def digest(content: Any) -> str:
    """Return the SHA-256 of plain data, whatever the order of its keys."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def fingerprint(row: SavedClaim) -> str:
    """Return the hash of a row as it stands in a baseline."""
    return digest(plain(row))


def plain(data: Any) -> dict[str, Any]:
    """Return a row, an environment or values as data for JSON, without fields that are None or empty."""
    found = {entry.name: getattr(data, entry.name) for entry in fields(data)}
    return {
        name: plain(value) if isinstance(value, (SavedValues, SavedEffect)) else value
        for name, value in found.items()
        if value is not None and value != {}
    }


def row_from(data: Mapping[str, Any]) -> SavedClaim:
    """Return the row that ``plain`` made plain; raises TypeError, KeyError or ValueError for anything else."""
    given = {"verdict": None, **{name: value for name, value in data.items() if value is not None}}
    if given.get("effect") is not None:
        e = given["effect"]
        given["effect"] = SavedEffect(
            e["name"], e.get("value"), e.get("low"), e.get("high"), e["level"], e.get("key")
        )
    if given.get("values") is not None:
        given["values"] = _values_from(given["values"])
    return SavedClaim(**given)


def _values_from(data: Mapping[str, Any]) -> SavedValues:
    first, second = (
        {str(key): float(value) for key, value in (data.get(side) or {}).items()}
        for side in ("first", "second")
    )
    blocks = data.get("blocks")
    return SavedValues(
        of=data["of"],
        scale=data["scale"],
        paired=data["paired"],
        first=first,
        second=second,
        blocks=(tuple(blocks[0]), tuple(blocks[1])) if blocks else None,
        noise=data.get("noise"),
    )
