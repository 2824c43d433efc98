"""One session in short: when it was, with which version and models, and what came of each claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from neuronclaims.foreign_files import Json
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.results import Verdict

if TYPE_CHECKING:
    from pydantic import TypeAdapter

FORM = 1
"""The form of a line. Lines of another form are left out by who reads them, and kept by who adds one."""


@dataclass(frozen=True, slots=True)
class PastClaim:
    """What came of one claim on one model in a session.

    ``verdict`` is None where the claim could not be tested; ``failed`` says whether it failed the session. ``effect``
    is the name of the effect the verdict rests on, empty where there is none, with its ``value`` and the
    interval of the given ``level`` from ``low`` to ``high``.
    """

    verdict: Verdict | None
    failed: bool
    effect: str = ""
    value: float | None = None
    low: float | None = None
    high: float | None = None
    level: float | None = None

    @property
    def word(self) -> str:
        """The verdict in one word.

        >>> PastClaim(None, failed=True).word
        'broken'
        """
        return self.verdict or "broken"

    @classmethod
    def of(cls, entry: Entry) -> PastClaim:
        """Return a claim of today in short."""
        result = entry.result
        if result.evidence is None:
            return cls(result.verdict, entry.failed)
        effect = result.evidence.effect
        value, low, high = (_short(each) for each in (effect.value, effect.low, effect.high))
        return cls(result.verdict, entry.failed, _whole(effect.name), value, low, high, effect.level)


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session that tested claims.

    ``made`` is when it ended (ISO 8601, with the offset from UTC), ``neuronclaims`` the version, ``models`` the SHA-256
    of the weights by the name of the model, as far as they are known. ``claims`` are by the claim's one name:
    ``claims/places.claims.yaml::demo::hanoi``.

    Raises ValueError where ``made`` is no time.
    """

    made: str
    neuronclaims: str
    complete: bool
    models: Mapping[str, tuple[str, ...]]
    claims: Mapping[str, PastClaim]

    def __post_init__(self) -> None:
        if datetime.fromisoformat(self.made).tzinfo is None:
            raise ValueError("a session's time says how far it is from UTC")

    @property
    def tally(self) -> tuple[int, int]:
        """Return how many claims there are, and how many of them failed."""
        return len(self.claims), sum(claim.failed for claim in self.claims.values())

    @classmethod
    def of(cls, account: Account, version: str) -> PastSession:
        """Return the session of an account in short."""
        entries = account.entries
        claims = {claim_name(entry): PastClaim.of(entry) for entry in entries}
        return cls(account.made, version, account.complete, _models(entries), claims)


def claim_name(entry: Entry) -> str:
    """Return the name under which a history knows a claim: that of the claim in its file, on its model."""
    return _whole(str(entry.name))


def to_line(session: PastSession) -> dict[str, Json]:
    """Return a session as plain data, fit for one line of JSON."""
    plain: dict[str, Json] = {"history": FORM, **asdict(session)}
    return plain


def from_line(plain: Json) -> PastSession:
    """Return the session that ``to_line`` made plain.

    Raises ValueError for anything else; pydantic's ValidationError is one.
    """
    if not isinstance(plain, dict) or plain.get("history") != FORM:
        raise ValueError(f"no session of form {FORM}")
    return _adapter().validate_python({name: value for name, value in plain.items() if name != "history"})


@cache
def _adapter() -> TypeAdapter[PastSession]:
    from pydantic import TypeAdapter

    return TypeAdapter(PastSession)


def _models(entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for entry in entries:
        known = found.setdefault(_whole(entry.result.model), {})
        if entry.result.fingerprint:
            known[entry.result.fingerprint] = None
    return {name: tuple(known) for name, known in found.items()}


def _whole(text: str) -> str:
    """Return text without halves of characters, which names of files may hold, and JSON may not."""
    return text.encode(errors="backslashreplace").decode()


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
