"""Find which model a result is about, by its fingerprint, and check that graded answers are from the same model.

What is right in one model's answers says nothing of another's. A claim that rests on graded answers, be it by a set, by
pairs, by an option or by a direction, is refused on any model but the one that gave them.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import ClaimError
from neuronclaims.models.identity.fingerprint import Fingerprint
from neuronclaims.models.sources import LoadedModel, Source, open_model

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim

SHORT = 12
"""How many digits of a fingerprint messages show."""


class Fingerprints:
    """The fingerprints of models' weights, each computed at most once.

    ``memory`` is the folder where those of unchanged files are remembered, None for nowhere.
    """

    def __init__(self, memory: Path | None) -> None:
        self._memory = memory
        self._known: dict[Hashable, Fingerprint] = {}

    def of(self, source: Source) -> str:
        """Return the fingerprint of a model. Raises ModelError for a folder whose files are not all there."""
        return self._of(source).weights

    def forget(self, source: Source) -> None:
        """Forget the fingerprint of a model object that was changed."""
        self._known.pop(identity(source), None)

    def at_hand(self, source: Source) -> str | None:
        """Return the fingerprint of a model if that costs almost nothing; otherwise None.

        The cache asks for that of a folder anyway; all the weights of a model object are hashed for a claim alone.
        """
        if self._memory is not None and source.folder is not None:
            with suppress(NeuronClaimsError):  # a run says it, where one is needed
                return self.of(source)
        known = self._known.get(identity(source))
        return known.weights if known is not None and known.unknown is None else None

    def unknown(self, source: Source) -> str | None:
        """Return what a model has that no fingerprint can hold, None where it has nothing of the sort."""
        return self._of(source).unknown

    def _of(self, source: Source) -> Fingerprint:
        key = identity(source)
        if key not in self._known:
            self._known[key] = source.fingerprint(self._memory)
        return self._known[key]


def identity(source: Source) -> Hashable:
    """Return a key that is equal for two sources of one model that is loaded in the same way."""
    if source.loaded is not None:
        return id(source.loaded.model), id(source.loaded.tokenizer)
    assert source.folder is not None
    return source.folder.resolve(), source.load


def fingerprint(model: str | Path | LoadedModel) -> str:
    """Return the SHA-256 of a model's weights and settings, which ``graded_by`` names in claim files.

    ``model`` is 'demo', a folder, a hub id on this machine, or a model object with its tokenizer, whose fingerprint is
    another than that of the files it may have come from. Raises ModelError for a model that is not there.
    """
    if isinstance(model, LoadedModel):
        source = open_model("model", Path.cwd(), {"model": model})
    else:
        source = open_model(str(model), Path.cwd())
    return Fingerprints(None).of(source)


def check_graders(claim: Claim, source: Source, fingerprints: Fingerprints) -> None:
    """Raise ClaimError for a claim that uses graded answers of another model."""
    if not claim.graded:
        return
    own = fingerprints.of(source)
    other = next((grader for grader in claim.graded.values() if grader != own), None)
    if other is None:
        return
    unknown = fingerprints.unknown(source)
    if unknown is not None:
        raise ClaimError(
            f"The answers in {_and(list(claim.graded))} were graded on a known model, and {source.name} is none: it "
            f"has {unknown}, which can change values and has no lasting name. Claims on graded answers need the model "
            "that gave them, unchanged."
        )
    names = _and([name for name, grader in claim.graded.items() if grader == other])
    files = (
        " (A model handed over as an object has another fingerprint than its files.)" if source.loaded else ""
    )
    raise ClaimError(
        f"The answers in {names} were graded on another model: its fingerprint is {short(other)}, that of "
        f"{source.name} is {short(own)}.{files} What is right in the answers of one model says nothing of another's: "
        "grade the answers of this model, and give its fingerprint as 'graded_by'. All of it stands in claims.json, "
        "and under the claims with -v; neuronclaims.fingerprint gives it to a script."
    )


def graders_note(claim: Claim) -> tuple[str, ...]:
    """Return a note that this model gave the graded answers of a claim, if the claim uses any."""
    if not claim.graded:
        return ()
    grader = next(iter(claim.graded.values()))
    return (f"The answers in {_and(list(claim.graded))} were graded on this very model ({short(grader)}).",)


def short(fingerprint: str) -> str:
    """Return the beginning of a fingerprint, as messages show it."""
    return f"{fingerprint[:SHORT]}…"


def _and(names: Sequence[str]) -> str:
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
