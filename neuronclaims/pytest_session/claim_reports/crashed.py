"""Claims whose process ended while it tested them: xdist reports a failure, and we a claim that could not be tested."""

from __future__ import annotations

import pytest

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.naming import ClaimName, file_name
from neuronclaims.pytest_session.claim_reports.claim_report import ClaimReport
from neuronclaims.pytest_session.settings import added_models, prompt_folders

PHASES = ("setup", "call", "teardown")
"""What a report is of. That of a worker that crashed is of none of them."""


def tell_of_crash(report: pytest.TestReport, config: pytest.Config) -> None:
    """Make the report that xdist gives of a crash one of a broken claim, so that all who count see the same.

    The claim file is read again, since only the worker knew the claim. Where it cannot be read any more, or has no
    such claim, the report stays as it is.
    """
    from neuronclaims.claim_files.reader import read_claim_file
    from neuronclaims.judging.verdicts import broken
    from neuronclaims.kinds import templates
    from neuronclaims.models.bringing.locating import labels
    from neuronclaims.pytest_session.outcomes import message_of, status_of

    file, *names = report.nodeid.split("::")
    if report.when in PHASES or not report.failed or len(names) != 2:
        return
    try:
        claim_file = read_claim_file(config.rootpath / file, templates(), prompt_folders(config))
    except NeuronClaimsError:
        return
    model, name = names
    models = list(labels(dict.fromkeys((*claim_file.models, *added_models(config)))))
    claim = next((claim for claim in claim_file.claims if claim.id == name), None)
    if claim is None or model not in models:
        return
    error = f"The process that tested it crashed or was killed ({report.longrepr})."
    result = broken(model, claim, error)
    called = ClaimName(file_name(config.rootpath / file, config.rootpath), model, name)
    ClaimReport.of(result, called, models.index(model), None, None).put_on(report)
    report.claims_status = status_of(result, report.outcome)  # type: ignore[attr-defined]
    report.longrepr = message_of(result)
