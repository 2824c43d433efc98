"""Keep a defect of a kind from another package to its own claims, and say to its author where it is.

Whatever such a kind raises, or gives back that is no answer, becomes a ClaimError of the one claim at hand. It names
the kind, the method and the line of the kind's own file.
"""

from __future__ import annotations

import dataclasses
import math
import sys
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath
from traceback import walk_tb
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from neuronclaims import stats
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.figures import DRAWN
from neuronclaims.kinds.kind import Attainable, ClaimError, Finding, Sample
from neuronclaims.kinds.shared.units import fit_to_keep
from neuronclaims.measurements.errors import first_line
from neuronclaims.results import Rank, Selection

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import Claim
    from neuronclaims.kinds.kind import Answers, Family, Kind
    from neuronclaims.measurements import Measurement, ModelFacts
    from neuronclaims.sentences.templates import Template


class KindDefect(Exception):
    """What a kind gave back is no answer; the text says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class CheckedKind:
    """A kind of another package, every answer of which is looked at before it goes on."""

    kind: Kind

    @property
    def name(self) -> str:
        """The word that reports call it by."""
        return self.kind.name

    @property
    def template(self) -> Template:
        """How a claim of this kind reads."""
        return self.kind.template

    def attainable(self, claim: Claim) -> Attainable:
        """Return what the kind says; raise ClaimError where that is no least p."""
        with self._named("attainable"):
            found = self.kind.attainable(claim)
            _check_type(found, Attainable)
            _check_number(found.smallest_p, "smallest_p", 0.0, 1.0)
            _check_number(found.against, "against", 0.0, 1.0)
            if found.planning is not None:
                _check_type(found.planning, stats.Planning)
            return found

    def joint_test_key(self, claim: Claim) -> Hashable | None:
        """Return the kind's key; raise ClaimError where it cannot be one."""
        with self._named("joint_test_key"):
            found = self.kind.joint_test_key(claim)
            hash(found)
            return found

    def needs(self, claim: Claim, facts: ModelFacts) -> tuple[Measurement, ...]:
        """Return the kind's measurements; raise ClaimError where these are none."""
        with self._named("needs"):
            found: object = self.kind.needs(claim, facts)
            if not isinstance(found, (tuple, list)):
                raise KindDefect(f"it gives {_a(found)}, not a tuple of measurements")
            for each in found:
                hash(each)
                if not hasattr(type(each), "request"):
                    raise KindDefect(f"it gives {_a(each)} among its measurements")
            return tuple(found)

    def prepare(self, claims: Sequence[tuple[Claim, Answers]], family: Family) -> None:
        """Let the kind prepare its claims, if it does such a thing; raise ClaimError where it fails."""
        prepare = getattr(self.kind, "prepare", None)
        if prepare is not None:
            with self._named("prepare"):
                prepare(claims, family)

    def judge(self, claim: Claim, answers: Answers, family: Family) -> Finding:
        """Return the kind's finding; raise ClaimError where no verdict could rest on it."""
        least = self.attainable(claim)
        with self._named("judge"):
            found = self.kind.judge(claim, answers, family)
            _check_finding(found, least, family)
            return found

    @contextmanager
    def _named(self, method: str) -> Iterator[None]:
        try:
            yield
        except KindDefect as defect:
            raise ClaimError(self._said(method, "", str(defect))) from defect
        except stats.StatsError as error:
            raise ClaimError(self._said(method, self._line(error), first_line(error))) from error
        except NeuronClaimsError:
            raise
        except Exception as error:
            # What a claim is told has to be one sentence, whatever a stranger's code raises.
            text = f"{type(error).__name__}: {first_line(error)}"
            raise ClaimError(self._said(method, self._line(error), text)) from error

    def _said(self, method: str, line: str, what: str) -> str:
        return f"The kind of claim {self.name!r} fails in {method}{line}: {what.rstrip('.')}."

    def _line(self, error: Exception) -> str:
        """Return the last line of the kind's own file on the way to an error, in words; nothing where there is none."""
        own = getattr(sys.modules.get(type(self.kind).__module__), "__file__", None)
        lines = [line for frame, line in walk_tb(error.__traceback__) if frame.f_code.co_filename == own]
        return f" ({PurePath(own).name}, line {lines[-1]})" if own and lines else ""


def _check_finding(found: Finding, least: Attainable, family: Family) -> None:
    """Raise KindDefect or StatsError where a finding is not whole, or no verdict can be reached on it."""
    _check_type(found, Finding)
    for part in ("others", "notes", "figures"):
        if not isinstance(getattr(found, part), tuple):
            raise KindDefect(f"{part} must be a tuple; of one alone it is (one,)")
    _check_parts("estimate", found.estimate, stats.Estimate)
    for other in found.others:
        _check_parts("others", other, stats.Estimate)
    _check_parts("notes", found.notes, tuple[str, ...])
    _check_parts("sample", found.sample, Sample)
    _check_parts("selection", found.selection, Selection)
    _check_parts("rank", found.rank, Rank | None)
    _check_parts("measured", found.measured, str | None)
    if found.planning is not None:
        _check_type(found.planning, stats.Planning)
    for figure in found.figures:
        if isinstance(figure, DRAWN):
            _check_parts("figures", figure, type(figure))
    said, test = found.statement, found.test
    if (test is None) == least.tested:
        told = "tested=False" if least.tested else "tested=True"
        raise KindDefect(
            f"its finding has {'no' if least.tested else 'a'} test, so attainable must say {told}"
        )
    if test is None:
        stats.decide_fact(
            side=said.side, null=said.null, threshold=said.threshold, value=found.estimate.value
        )
    else:
        _check_type(test, stats.TestResult)
        tested = stats.Tested(
            said.side, said.null, said.threshold, found.estimate, test.p_value, 0.0, family.alpha
        )
        stats.decide(tested)
    fit_to_keep(found.units, found.estimate.value)


def _check_type(found: object, wanted: type) -> None:
    if not isinstance(found, wanted):
        raise KindDefect(f"it gives {_a(found)}, not {wanted.__name__}")


def _check_parts(what: str, found: object, wanted: object) -> None:
    """Raise KindDefect where a part of a finding has a field of another type, or a number that is none."""
    plain = _plain(what, found)
    try:
        read = _adapter(wanted).validate_python(plain)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, (what, *first["loc"])))
        raise KindDefect(f"{place} is {_a(first['input'])}: {first['msg'].lower()}") from None
    if _plain(what, read) != plain:
        raise KindDefect(f"{what} holds a text where a number belongs")


@cache
def _adapter(wanted: Any) -> TypeAdapter[object]:
    return TypeAdapter(wanted)


def _plain(what: str, found: object) -> object:
    """Return the fields of dataclasses as dicts and arrays as lists; raise KindDefect for NaN and infinity."""
    if dataclasses.is_dataclass(found):
        named = dataclasses.fields(found)
        return {each.name: _plain(f"{what}.{each.name}", getattr(found, each.name)) for each in named}
    if isinstance(found, (tuple, list)):
        return tuple(_plain(f"{what}.{place}", each) for place, each in enumerate(found))
    if isinstance(found, (np.ndarray, np.generic)):
        return _plain(what, found.tolist())
    if isinstance(found, float) and not math.isfinite(found):
        raise KindDefect(f"{what} is {found!r}, not a number")
    return found


def _check_number(found: object, what: str, low: float, high: float) -> None:
    number = float(found) if isinstance(found, (float, int)) or hasattr(found, "__float__") else math.nan
    if math.isnan(number) or not low <= number <= high:
        shown = repr(found) if isinstance(found, (float, int)) else _a(found)
        raise KindDefect(f"{what} is {shown}, not a number from {low:g} to {high:g}")


def _a(found: object) -> str:
    return "nothing" if found is None else f"an object of type {type(found).__name__}"
