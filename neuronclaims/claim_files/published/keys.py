"""The keys ``source`` of a claim file or a claim, and ``reported`` of a claim, with their types."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from neuronclaims.claim_files.entries import Text, Texts
from neuronclaims.claim_files.yaml.mapping import FileMapping
from neuronclaims.publications import FindingAccount, Publication, ReportedNumber
from neuronclaims.sentences.options import Form

Url = Annotated[
    str,
    Form(
        r"https?://[^\s<>\"'\\]+", "an address begins with https:// and has no spaces, quotes or brackets < >"
    ),
]


class SourceKeys(FileMapping):
    """The publication that a claim, or all claims of a file, come from."""

    title: Text = Field(description="The title of the paper or page.")
    authors: Texts | None = Field(None, description="Its authors: a name, or a list of names.")
    year: int | None = Field(None, ge=1900, le=2200, description="The year in which it came out.")
    url: Url | None = Field(None, description="Its address.")

    @property
    def publication(self) -> Publication:
        """Return it as plain data."""
        return Publication(self.title, tuple(self.authors or ()), self.year, self.url)


class FileSourceKeys(SourceKeys):
    """The publication that the claims of a file come from, and what is to be told of its finding."""

    says: Text | None = Field(None, description="A short quotation: the finding in the source's own words.")
    code: Text | None = Field(None, description="Where the source's own code is, with its commit.")
    known: Text | None = Field(None, description="What is known of the finding.")
    unknown: Text | None = Field(None, description="What the source does not say.")
    doubtful: Text | None = Field(None, description="What speaks against the finding.")
    checked: Text | None = Field(
        None, description="Against what the neurons' numbers were compared, and what could not be checked."
    )
    ran: Text | None = Field(
        None,
        description="Where, on what and when the claims were run; or that they were not, and what it needs.",
    )

    @property
    def account(self) -> FindingAccount:
        """Return it as plain data."""
        return FindingAccount(
            self.publication,
            self.says,
            self.code,
            self.known,
            self.unknown,
            self.doubtful,
            self.checked,
            self.ran,
        )


class ReportedKeys(FileMapping):
    """The number that a publication gives for a claim; it is shown beside what is found, and decides nothing."""

    value: float = Field(description="The number.")
    unit: Text = Field(description="What it is a number of, in words: '% of the logit difference'.")
    place: Text = Field(description="Where it stands: 'table 2', 'section 4.1', an address.")

    @property
    def number(self) -> ReportedNumber:
        """Return it as plain data."""
        return ReportedNumber(self.value, self.unit, self.place)
