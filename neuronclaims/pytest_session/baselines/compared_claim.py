"""One claim of a session that is saved or compared, as plain data that is sent with the claim's report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from neuronclaims.baselines.drift import Drift
from neuronclaims.baselines.rows import Environment, SavedClaim, plain, row_from


@dataclass(frozen=True, slots=True)
class TestedModel:
    """The model of a claim: its name in the claim file ``path``, and the folder that was given for it.

    ``where`` is where it is by the claim file; ``is_object`` where a loaded model was handed over, which stays in the
    process it lives in.
    """

    __test__ = False

    path: Path
    spec: str
    folder: Path | None = None
    is_object: bool = False
    where: str = ""


@dataclass(frozen=True, slots=True)
class ComparedClaim:
    """One claim of a session that is saved or compared.

    ``home`` is the folder of baselines, ``baseline`` the file compared with. ``name`` is that of the claim's ``row``,
    ``file`` that of its claim file. ``environment`` is what it was measured with, or ``unknown``
    the reason why that is not known. ``drift`` is what became of the claim, ``fails`` whether that fails the run.
    ``whole`` says that all claims of the file were run, not a selection.
    """

    home: Path
    baseline: Path | None
    name: str
    file: str
    row: SavedClaim
    environment: Environment | None
    unknown: str | None
    drift: Drift | None
    model: TestedModel
    fails: bool
    whole: bool

    def to_plain(self) -> dict[str, Any]:
        """Return this as dictionaries, strings and numbers."""
        return {
            "home": str(self.home),
            "baseline": str(self.baseline) if self.baseline is not None else None,
            "name": self.name,
            "file": self.file,
            "row": plain(self.row),
            "environment": asdict(self.environment) if self.environment is not None else None,
            "unknown": self.unknown,
            "drift": asdict(self.drift) if self.drift is not None else None,
            "model": {
                "path": str(self.model.path),
                "spec": self.model.spec,
                "folder": str(self.model.folder) if self.model.folder is not None else None,
                "is_object": self.model.is_object,
                "where": self.model.where,
            },
            "fails": self.fails,
            "whole": self.whole,
        }

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> ComparedClaim:
        """Return the claim that ``to_plain`` made plain."""
        model = data["model"]
        return cls(
            home=Path(data["home"]),
            baseline=_path(data["baseline"]),
            name=data["name"],
            file=data["file"],
            row=row_from(data["row"]),
            environment=Environment(**data["environment"]) if data["environment"] else None,
            unknown=data["unknown"],
            drift=Drift.from_plain(data["drift"]) if data["drift"] else None,
            model=TestedModel(
                Path(model["path"]),
                model["spec"],
                _path(model["folder"]),
                model["is_object"],
                model["where"],
            ),
            fails=data["fails"],
            whole=data["whole"],
        )


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
