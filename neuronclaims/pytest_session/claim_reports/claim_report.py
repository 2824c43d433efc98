"""The data that we add to pytest's report of a claim: plain data, because xdist sends nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from neuronclaims.naming import ClaimName

if TYPE_CHECKING:
    import pytest

    from neuronclaims.pytest_session.baselines.compared_claim import ComparedClaim
    from neuronclaims.results import Result

_ATTRIBUTE = "claims_report"


@dataclass(frozen=True, slots=True)
class ClaimReport:
    """The result of one claim, as it is sent from the process that ran it to where reports arrive.

    ``result`` is a Result, as ``reports.plain`` makes it plain unless it came from such data, ``name`` the claim's name
    in all reports. ``place`` is that of the claim's model in its file, ``from_cache`` of how many of its texts all was
    read from the cache, and how many it has, None where that is not known. ``compared`` is there in sessions that are
    saved or compared. ``judged_before`` says that an earlier session reached the verdict.
    """

    result: Mapping[str, object] | Result
    name: ClaimName
    place: int = 0
    from_cache: tuple[int, int] | None = None
    compared: ComparedClaim | None = None
    judged_before: bool = False

    @classmethod
    def of(
        cls,
        result: Result,
        name: ClaimName,
        place: int,
        from_cache: tuple[int, int] | None,
        compared: ComparedClaim | None,
        judged_before: bool = False,
    ) -> ClaimReport:
        """Return the report of a result; one that was judged before is plain data no sooner than it is sent."""
        from neuronclaims.reports.plain import to_plain

        return cls(
            result if judged_before else to_plain(result), name, place, from_cache, compared, judged_before
        )

    def put_on(self, report: pytest.TestReport, *, sent: bool = True) -> None:
        """Attach this to pytest's report, in a form that xdist can send where it is to be ``sent``."""
        if not sent:
            setattr(report, _ATTRIBUTE, self)
            return
        from neuronclaims.reports.plain import to_plain

        plain = {
            "result": self.result if isinstance(self.result, Mapping) else to_plain(self.result),
            "name": [self.name.file, self.name.model, self.name.id],
            "place": self.place,
            "from_cache": self.from_cache,
            "judged_before": self.judged_before,
            "compared": self.compared.to_plain() if self.compared is not None else None,
        }
        setattr(report, _ATTRIBUTE, plain)

    @classmethod
    def send(cls, report: object) -> None:
        """Make what is attached to a report plain, since the report is to leave the process."""
        found = getattr(report, _ATTRIBUTE, None)
        if isinstance(found, cls):
            found.put_on(cast("pytest.TestReport", report))

    @classmethod
    def on(cls, report: pytest.TestReport) -> ClaimReport | None:
        """Return the data attached to pytest's report; None if it is not the report of a claim with a result."""
        plain = getattr(report, _ATTRIBUTE, None)
        if plain is None or isinstance(plain, cls):
            return plain
        compared = plain["compared"]
        if compared is not None:
            from neuronclaims.pytest_session.baselines.compared_claim import ComparedClaim

            compared = ComparedClaim.from_plain(compared)
        cached = plain["from_cache"]
        return cls(
            plain["result"],
            ClaimName(*plain["name"]),
            plain["place"],
            None if cached is None else cast("tuple[int, int]", tuple(cached)),
            compared,
            plain["judged_before"],
        )

    def read_result(self) -> Result:
        """Return the result itself; raise pydantic's ValidationError if the data are not a result."""
        if not isinstance(self.result, Mapping):
            return self.result
        from neuronclaims.reports.plain import from_plain

        return from_plain(self.result)
