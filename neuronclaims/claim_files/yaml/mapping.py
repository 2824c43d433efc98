"""The base of all mappings that a claim file may hold."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FileMapping(BaseModel):
    """A mapping in a claim file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)
