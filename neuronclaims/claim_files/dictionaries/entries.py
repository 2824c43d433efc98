"""What an entry of ``dictionaries:`` may hold."""

from __future__ import annotations

from pydantic import Field

from neuronclaims.claim_files.directions.entries import At, Path
from neuronclaims.claim_files.yaml.mapping import FileMapping


class DictionaryEntry(FileMapping):
    """A sparse dictionary in a folder of SAELens or Gemma Scope."""

    folder: Path = Field(
        description="The folder of cfg.json and sae_weights.safetensors, or of params.npz, relative to the claim file."
    )
    at: At | None = Field(
        None,
        description="The site and the layer that it reads: resid_post 8; not needed where its cfg.json says it.",
    )
