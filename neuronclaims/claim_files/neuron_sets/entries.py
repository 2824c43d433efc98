"""What an entry of ``neurons:`` may hold: a list of neurons."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from neuronclaims.claim_files.entries import Text

NeuronsEntry = Annotated[list[Text], Field(min_length=1)]
"""An entry of ``neurons:``."""
