"""Save the rows of a session: to a baseline, and for ``neuronclaims accept``; always say what was saved."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from neuronclaims.baselines.rows import Baseline, Environment, SavedClaim, fingerprint
from neuronclaims.baselines.saved import merge, save, text_of, write
from neuronclaims.pytest_session.baselines.compared_claim import ComparedClaim

NO_CLAIM = "no claim was tested"


@dataclass(frozen=True, slots=True)
class Kept:
    """The rows of a session with a verdict, and the environments that they name; ``left`` counts all others.

    ``unknown`` is why it is not known what rows with a verdict were measured with, None where it is known of all.
    """

    rows: Mapping[str, SavedClaim]
    environments: Mapping[str, Environment]
    left: int
    unknown: str | None

    @classmethod
    def of(cls, seen: Mapping[str, ComparedClaim]) -> Kept:
        """Collect them from the reports of claims."""
        known = [each.environment for each in seen.values() if each.environment is not None]
        environments = {each.key: each for each in known}
        rows = {name: each.row for name, each in seen.items()}
        judged = {name: row for name, row in rows.items() if row.verdict is not None}
        kept = {name: row for name, row in judged.items() if row.environment in environments}
        why = (str(seen[name].unknown) for name in judged if name not in kept)
        return cls(kept, environments, len(rows) - len(kept), next(why, None))

    def saved(self, path: Path, shown: str) -> tuple[str, bool]:
        """Save the rows to a baseline; return a sentence about it, and whether that is a problem."""
        if not self.rows:
            return f"Nothing was saved to the baseline {shown}: {self._nothing()}.", True
        save(path, self.rows, self.environments)
        left = (
            f" ({self.left} {self._others()} left as {'it was' if self.left == 1 else 'they were'})"
            if self.left
            else ""
        )
        return f"Saved {len(self.rows)} claims to the baseline {shown}{left}", False

    def note(self, file: Path, baseline: Path, missing: Mapping[str, SavedClaim] | None) -> None:
        """Save the data for ``accept``: the rows, and the rows of the baseline without a claim (None if not known)."""
        last = merge(Baseline({}, {}), self.rows, self.environments)
        gone = None if missing is None else {name: fingerprint(row) for name, row in missing.items()}
        write(file, json.dumps({"baseline": str(baseline), "run": text_of(last), "missing": gone}))

    def _nothing(self) -> str:
        if not self.left:
            return NO_CLAIM
        if self.unknown is not None:
            return f"what the claims were measured with is not known ({self.unknown.rstrip('.')})"
        many = "the one claim" if self.left == 1 else f"none of the {self.left} claims"
        return f"{many} could {'not ' if self.left == 1 else ''}be tested"

    def _others(self) -> str:
        return "that could not be tested" if self.unknown is None else "that cannot be saved"


def nothing_compared(statuses: Iterable[str], old: Baseline, shown: str) -> str | None:
    """Return a sentence that a baseline has none of a session's claims; None if it has any."""
    found = set(statuses)
    if not found or found - {"new", "missing"}:
        return None
    files = sorted({name.split("::")[0] for name in old.rows})
    about = (
        f"its claims are of {', '.join(files[:3])}{' and others' if len(files) > 3 else ''}"
        if files
        else "it is empty"
    )
    return (
        f"Nothing was compared: the baseline {shown} has no claim of this session; {about}. "
        "Claims are known by file, model and id."
    )
