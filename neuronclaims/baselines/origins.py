"""What differs between two runs besides the claims: the weights, the tokenizer, how a model was run, the libraries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from neuronclaims.baselines.rows import Baseline, Environment, SavedClaim

SHORT = 12


@dataclass(frozen=True, slots=True)
class Origins:
    """The differences between two environments: each field that differs, as "what: old -> new"."""

    weights: bool
    model: tuple[str, ...]
    way: tuple[str, ...]
    libraries: tuple[str, ...]

    def sentence(self) -> str:
        """Say what a change can come from."""
        around = (*self.way, *self.libraries)
        if not self.model and not around:
            return (
                "The same weights, run the same way, with the same libraries: nothing but chance can differ."
            )
        if not self.model:
            what = (
                "the libraries" if not self.way else "how it is run" if not self.libraries else "what runs it"
            )
            return f"The weights are the same; what changed is {what}: {', '.join(around)}."
        named = ", ".join(self.model)
        if not around:
            return f"The libraries and settings are the same; what changed is the model: {named}."
        return (
            f"Both the model ({named}) and what runs it ({', '.join(around)}) are others, and these two runs "
            "cannot tell apart which of them a change comes from. Run the old weights with the new libraries "
            "(--claims-model NAME=FOLDER of the old model) and compare that with the same baseline: what drifts "
            "there is the libraries', the rest the model's."
        )


def origins(old: Environment, new: Environment) -> Origins:
    """Compare two environments field by field. Only the content of a model counts, not its name."""
    names = sorted(old.libraries.keys() | new.libraries.keys())
    none = "none"
    return Origins(
        weights=old.weights != new.weights,
        model=(
            *_differs("weights", old.weights[:SHORT], new.weights[:SHORT]),
            *_differs("tokenizer", old.tokenizer[:SHORT], new.tokenizer[:SHORT]),
        ),
        way=(*_differs("dtype", old.dtype, new.dtype), *_differs("device", old.device, new.device)),
        libraries=tuple(
            text
            for name in names
            for text in _differs(name, old.libraries.get(name, none), new.libraries.get(name, none))
        ),
    )


def names_in(baseline: Baseline, rows: Mapping[str, SavedClaim | None]) -> dict[str, str]:
    """Return the names that the claims of one family have in a baseline, by their names now.

    Where the file has no row on a model of that name and rows on one other alone, the model has another name now, and
    its rows are those. A claim whose name the baseline does not have, and whose content it has under a name that nobody
    else has now, was renamed; so was one whose sentence it has so, where the content is not the same or not known.
    ``rows`` are those of the claims as they are now, None where one has none.
    """
    if not rows:
        return {}
    own = family(next(iter(rows)))
    there = {family(name) for name in baseline.rows if name.split("::")[0] == own.split("::")[0]}
    before = own if own in there or len(there) != 1 else there.pop()
    same = {name: f"{before}::{name.rsplit('::', 1)[1]}" for name in rows}
    found = {name: was for name, was in same.items() if was in baseline.rows}
    left = {name: row for name, row in baseline.rows.items() if family(name) == before}
    found |= _renamed(left, rows, found)
    return found


def _renamed(
    old: Mapping[str, SavedClaim], new: Mapping[str, SavedClaim | None], known: Mapping[str, str]
) -> dict[str, str]:
    """Return the old names of new ones that nothing is known of yet: by their content, then by their sentence."""
    rows = {name: row for name, row in new.items() if row is not None}
    there = {was: row for was, row in old.items() if was not in known.values()}
    asked = {name: row for name, row in rows.items() if name not in known}
    found = _alone(
        {was: row.content for was, row in there.items()}, {n: row.content for n, row in asked.items()}
    )
    # Several claims on one sentence are told apart by their settings, so a sentence must be the only one of its family.
    said = _alone(
        {was: row.sentence for was, row in old.items()}, {n: row.sentence for n, row in rows.items()}
    )
    taken = {*known.values(), *found.values()}
    more = {n: was for n, was in said.items() if n in asked and n not in found and was not in taken}
    return {**found, **more}


def _alone(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the old names of new ones that have the same text, where no other name on either side has it."""
    was, now = Counter(old.values()), Counter(new.values())
    by = {text: name for name, text in old.items() if text and was[text] == 1}
    return {name: by[text] for name, text in new.items() if text in by and now[text] == 1}


def rows_for(baseline: Baseline, rows: Mapping[str, SavedClaim | None]) -> dict[str, SavedClaim]:
    """Return the rows of a baseline that belong to the claims of one family, by the names these have now."""
    return {name: baseline.rows[was] for name, was in names_in(baseline, rows).items()}


def family(name: str) -> str:
    """Return file and model of a row's name."""
    return name.rsplit("::", 1)[0]


def differences(pairs: Mapping[str, tuple[Environment, Environment]]) -> list[str]:
    """Say what differs between the two environments of each model; name what differs alike for all only once."""
    said: dict[str, list[str]] = {}
    for name, (old, new) in pairs.items():
        said.setdefault(origins(old, new).sentence(), []).append(name)
    if len(said) == 1:
        return list(said)
    return [f"{', '.join(names)}: {sentence}" for sentence, names in said.items()]


def _differs(what: str, old: str, new: str) -> list[str]:
    return [] if old == new else [f"{what} {old} -> {new}"]
