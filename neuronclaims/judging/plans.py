"""The plans of claim files on models: each is made once, and anew where a model object was changed since."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.measurements.errors import kept, or_raise

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.judging.findings import FileOnModel
    from neuronclaims.models.identity.fingerprint import Fingerprint
    from neuronclaims.models.sources import Source
    from neuronclaims.provenance import Fingerprints


class Plans:
    """What is measured for each claim file on each model, and the content hashes of these models.

    ``opened`` finds the model that a file names; ``memory`` is where hashes of unchanged files are remembered. What is
    wrong with a file on a model is planned as an error, which is not looked for again.
    """

    def __init__(self, opened: Callable[[ClaimFile, str], Source], memory: Path | None) -> None:
        self._opened, self._memory = opened, memory
        self._made: dict[tuple[Path, str], FileOnModel | Exception] = {}
        self._contents: dict[Hashable, Fingerprint] = {}

    def of(self, file: ClaimFile, model: str) -> FileOnModel | Exception:
        """Return the plan of a file on a model, or why there is none."""
        from neuronclaims.judging.findings import FileOnModel

        key = (file.path, model)
        if key not in self._made:
            try:
                self._made[key] = FileOnModel.planned(file, self._opened(file, model), self._fingerprints)
            except BaseException as error:  # one of ours, too, must not take other models with it
                self._made[key] = kept(error)
        return self._made[key]

    def current(self, file: ClaimFile, model: str) -> FileOnModel | Exception:
        """Return the plan, made anew where the model object was changed since."""
        from neuronclaims.provenance import identity

        planned = self.of(file, model)
        if not isinstance(planned, Exception) and planned.source.state() != planned.state:
            self._fingerprints.forget(planned.source)
            self._contents.pop(identity(planned.source), None)
            del self._made[file.path, model]
        return self.of(file, model)

    def known(self, file: ClaimFile, model: str) -> FileOnModel | None:
        """Return a plan that was made before; None where there is none."""
        planned = self._made.get((file.path, model))
        return None if isinstance(planned, Exception) else planned

    def on(self, source: Source) -> Iterator[FileOnModel]:
        """Yield the plans of all files on one model."""
        from neuronclaims.provenance import identity

        same = identity(source)
        for planned in self._made.values():
            if not isinstance(planned, Exception) and identity(planned.source) == same:
                yield planned

    def fingerprint(self, file: ClaimFile, model: str) -> Fingerprint:
        """Return the content hashes of a model; raise NeuronClaimsError if the model does not exist."""
        from neuronclaims.provenance import identity

        source = or_raise(self.of(file, model)).source
        which = identity(source)
        if which not in self._contents:
            self._contents[which] = source.fingerprint(self._memory)
        return self._contents[which]

    def fingerprint_at_hand(self, source: Source) -> str | None:
        """Return the hash of a model where it costs nothing to know."""
        return self._fingerprints.at_hand(source)

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        from neuronclaims.provenance import Fingerprints

        return Fingerprints(self._memory)
