"""Where a claim comes from: a publication, and the number that it reports, as plain data.

Both stand beside what a run finds and have no part in any verdict.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Publication:
    """A paper or a page: its title, and authors, year and address where the claim file gives them.

    >>> Publication("We Found An Neuron in GPT-2", ("Neo", "Miller"), 2023).in_short
    'Neo and Miller 2023, "We Found An Neuron in GPT-2"'
    """

    title: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    url: str | None = None

    @property
    def in_short(self) -> str:
        """Return authors, year and title on one line; of more than two authors the first alone."""
        names = f"{self.authors[0]} et al." if len(self.authors) > 2 else " and ".join(self.authors)
        who = " ".join(part for part in (names, str(self.year or "")) if part)
        return f'{who}, "{self.title}"' if who else f'"{self.title}"'


@dataclass(frozen=True, slots=True)
class ReportedNumber:
    """A number as a publication gives it: its unit in words, and where it stands ("table 2", "section 4.1", a URL).

    >>> ReportedNumber(48.5, "% of the logit difference", "the post").in_words
    '48.5 % of the logit difference (the post)'
    """

    value: float
    unit: str
    place: str

    @property
    def in_words(self) -> str:
        """Return the number with its unit and its place."""
        return f"{self.value:.6g} {self.unit} ({self.place})"


@dataclass(frozen=True, slots=True)
class FindingAccount:
    """What a claim file tells of the finding behind its claims.

    ``says`` is a short quotation. ``code`` is where the source's own code is. ``known``, ``unknown`` and ``doubtful``
    are what is known of the finding, what its source does not say, and what speaks against it. ``checked`` says against
    what the numbers of its neurons were compared, ``ran`` where and when the claims were run, or that they were not.
    """

    publication: Publication
    says: str | None = None
    code: str | None = None
    known: str | None = None
    unknown: str | None = None
    doubtful: str | None = None
    checked: str | None = None
    ran: str | None = None
