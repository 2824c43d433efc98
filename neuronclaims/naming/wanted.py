"""What people write to name a claim: ``FILE::ID``, ``FILE::MODEL::ID``, ``MODEL::ID``, or the id alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.naming.claim_name import ClaimName
from neuronclaims.naming.project import file_name

_ENDS = (".yaml", ".yml")
_FEW = 6
"""The most names that an error lists."""


class NoSuchClaimError(NeuronClaimsError):
    """A name that no claim has, or that several have; the message says which are there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A claim that somebody asked for; ``file`` and ``model`` are None where nothing was said of them."""

    text: str
    file: str | None
    model: str | None
    id: str

    @classmethod
    def parse(cls, text: str, here: Path | None = None) -> Wanted:
        """Read what somebody wrote in the folder ``here`` (default: the working folder).

        A file may be given by its path from there, by an absolute path, by its name in reports, or by the end of that.
        Raises NoSuchClaimError for a text that names no claim.

        >>> Wanted.parse("claims/example.claims.yaml::demo::hanoi").model
        'demo'
        >>> Wanted.parse("demo::hanoi").file is None, Wanted.parse("hanoi").id
        (True, 'hanoi')
        """
        parts = [part.strip() for part in text.strip().rsplit("::", 2)]
        is_file = len(parts) == 3 or parts[0].endswith(_ENDS)
        if not all(parts) or (len(parts) == 1 and is_file):
            raise NoSuchClaimError(
                f"{text!r} names no claim: write FILE::ID, FILE::MODEL::ID, or the id alone if no other claim has it."
            )
        file = _name_of(parts[0], here or Path.cwd()) if is_file else None
        model = parts[-2] if len(parts) == 3 or (len(parts) == 2 and not is_file) else None
        return cls(text.strip(), file, model, parts[-1])

    def among(self, names: Iterable[ClaimName]) -> list[ClaimName]:
        """Return all names that fit: of a file by its whole name if any has it, else by the end of its name."""
        found = [name for name in names if name.id == self.id and self.model in (None, name.model)]
        if self.file is None:
            return found
        exact = [name for name in found if name.file == self.file]
        return exact or [name for name in found if _ends_alike(name.file, self.file)]

    def one(self, names: Iterable[ClaimName], where: str = "The report") -> ClaimName:
        """Return the one name that fits. Raises NoSuchClaimError where none does, or several do.

        >>> names = [ClaimName("claims/example.claims.yaml", model, "hanoi") for model in ("demo", "ours")]
        >>> str(Wanted.parse("example.claims.yaml::ours::hanoi").one(names))
        'claims/example.claims.yaml::ours::hanoi'
        """
        known = list(names)
        found = self.among(known)
        if len(found) == 1:
            return found[0]
        if found:
            models = len({name.file for name in found}) == 1
            what = "ran on several models" if models else "is the id of claims in several files"
            raise NoSuchClaimError(f"{self.text!r} {what}: name one of {_listed(found)}.")
        raise NoSuchClaimError(
            f"{where} has no claim {self.text!r} among its {len(known)}.{self._meant(known)}"
        )

    def _meant(self, known: Sequence[ClaimName]) -> str:
        from neuronclaims.sentences.messages import closest

        by_text = {name.id: name for name in known}
        ids = [name.id for name in known if self.file is None or _ends_alike(name.file, self.file)]
        near = closest(self.id, ids or list(by_text))
        if near is not None:
            same = [name for name in known if name.id == near]
            inside = [name for name in same if self.file is None or _ends_alike(name.file, self.file)] or same
            return f" Did you mean {_written(inside[0], self)!r}?"
        near = closest(self.text, [_written(name, self) for name in known])
        if near is not None:
            return f" Did you mean {near!r}?"
        return f" It has {_listed(known)}." if known else ""


def _written(name: ClaimName, like: Wanted) -> str:
    """Return a name with those parts that somebody wrote."""
    parts = [
        name.file if like.file is not None else None,
        name.model if like.model is not None else None,
        name.id,
    ]
    return "::".join(part for part in parts if part is not None)


def _listed(names: Sequence[ClaimName]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(repr(str(name)) for name in names[:_FEW]) + more


def _name_of(text: str, here: Path) -> str:
    """Return the name of a file that somebody wrote: from its project where it is there, else as it is written."""
    path = here / Path(text).expanduser()
    try:
        if path.is_file():
            return file_name(path.resolve())
    except (OSError, ValueError, RuntimeError):  # a name that can be none, a circle of links
        pass
    return PurePosixPath(text.replace("\\", "/")).as_posix()


def _ends_alike(own: str, wanted: str) -> bool:
    one, two = PurePosixPath(own).parts, PurePosixPath(wanted).parts
    shorter = min(len(one), len(two))
    return bool(shorter) and one[-shorter:] == two[-shorter:]
