"""What was drawn of the same results before: parts of reports that need not be drawn again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Protocol

from neuronclaims.foreign_files import Json
from neuronclaims.reports.plain import to_plain

if TYPE_CHECKING:
    from neuronclaims.reports.account import Account


class Keeps(Protocol):
    """Where plain data are kept by name, and may be lost at any time."""

    def recall(self, name: Sequence[str]) -> Mapping[str, Json] | None:
        """Return what was kept under a name."""

    def keep(self, name: Sequence[str], content: dict[str, Json]) -> None:
        """Keep plain data under a name."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """The parts of reports that are kept; ``code`` changes with whatever draws them.

    A part is known by all that is in a session but its time, and by what else it was drawn from.
    """

    notes: Keeps
    code: str
    _digests: dict[int, tuple[Account, str]] = field(default_factory=dict)

    def known(self, name: Sequence[str], account: Account, rest: Json = None) -> str | None:
        """Return a part as it was drawn of the same session and the same ``rest``; None where it must be drawn."""
        found = self.notes.recall(("drawn", *name))
        if found is None or found.get("of") != self._of(account, rest):
            return None
        text = found.get("text")
        return text if isinstance(text, str) else None

    def keep(self, name: Sequence[str], account: Account, text: str, rest: Json = None) -> None:
        """Keep a part in place of what was drawn under its name before."""
        self.notes.keep(("drawn", *name), {"of": self._of(account, rest), "text": text})

    def _of(self, account: Account, rest: Json) -> Json:
        known = self._digests.get(id(account))
        if known is None or known[0] is not account:
            known = self._digests[id(account)] = account, digest(account)
        return [self.code, known[1], rest]


def digest(account: Account) -> str:
    """Return a hash of everything in a session but when it was."""
    import orjson

    found = blake2b(digest_size=16)
    found.update(orjson.dumps([list(account.missing), account.interrupted]))
    for entry in account.entries:
        own: list[Json] = [
            entry.nodeid,
            entry.outcome,
            entry.drift,
            entry.drift_reason,
            entry.place,
            entry.file,
        ]
        own.append(list(entry.from_cache or ()))
        found.update(
            orjson.dumps([own, asdict(entry.rematch) if entry.rematch else None, to_plain(entry.result)])
        )
    return found.hexdigest()
