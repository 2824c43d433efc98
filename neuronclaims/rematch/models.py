"""The two models of a rematch: the one that claims are about, and the one that is looked in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.models.sources import LoadedModel, Source, open_model


@dataclass(frozen=True, slots=True)
class TwoModels:
    """The old and the new model, named as claim files name models, folders relative to ``base``.

    ``handed`` has what was handed over for the name of the new one: an object, or its folder. With ``download`` hub ids
    that are not on this machine are fetched.
    """

    old: str
    new: str
    base: Path
    handed: Mapping[str, LoadedModel | Path] = field(default_factory=dict)
    download: bool = False

    def opened(self, file: ClaimFile) -> tuple[Source, Source]:
        """Return both, loaded as a claim file says. Raises ModelError."""
        return (
            self._opened(self.old, file, {}),
            self._opened(self.new, file, self.handed),
        )

    def _opened(self, name: str, file: ClaimFile, handed: Mapping[str, LoadedModel | Path]) -> Source:
        load, where = file.load.of(name), file.where(name)
        return open_model(name, self.base, handed, load=load, where=where, download=self.download)
