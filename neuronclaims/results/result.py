"""Hold what one claim came to on one model."""

from __future__ import annotations

from dataclasses import dataclass, field

from neuronclaims.publications import Publication, ReportedNumber
from neuronclaims.results.evidence import Evidence
from neuronclaims.results.series import SeriesLook
from neuronclaims.results.verdict import Verdict
from neuronclaims.set_accounts import DataAccount
from neuronclaims.tokens.readings import TokensReading


@dataclass(frozen=True, slots=True)
class Result:
    """What one claim came to on one model.

    Either ``verdict``, ``reason`` and ``evidence`` are given, or ``error`` is: broken data is an error, not a verdict.
    ``file``, ``line`` and ``column`` say where the claim stands; ``sentence`` is canonical. ``fingerprint`` is the
    SHA-256 of the model's weights and settings, as ``graded_by`` names it, None where it was not worked out. ``seed``
    is the claim file's; what is drawn at random follows from it and from the prompts. ``data`` is the account of the
    claim's prompts: how many rows of a file were taken, what texts share, and what may mislead in them. ``look`` is its
    place in a series, None where each model is judged by itself. ``readings`` are the tokens that are read or changed
    where these are some of the prompts' tokens, as far as a tokenizer was at hand. ``tokens`` says which are read, and
    which are changed where a claim changes any. ``site_words`` is the site for people, where ``site`` is its name in
    the cache: "direction honesty at resid_post 3". ``id_made`` says that the id was made from the sentence, so that it
    says nothing beside it. ``source`` is the publication that the claim comes from, and ``reported`` the number given
    there, where the file names them: they had no part in the verdict.
    """

    id: str
    model: str
    sentence: str
    kind: str
    site: str
    tokens: str
    file: str
    line: int
    column: int
    expect: Verdict
    because: str | None
    verdict: Verdict | None
    reason: str
    evidence: Evidence | None
    error: str | None = None
    fingerprint: str | None = None
    seed: int = 0
    data: DataAccount = field(default_factory=DataAccount)
    look: SeriesLook | None = None
    readings: tuple[TokensReading, ...] = ()
    site_words: str = ""
    id_made: bool = False
    source: Publication | None = None
    reported: ReportedNumber | None = None

    @property
    def where(self) -> str:
        """The site in words for people."""
        return self.site_words or self.site

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the one the claim file expects."""
        return self.error is None and self.verdict == self.expect
