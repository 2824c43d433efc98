"""The environment of a session: the model by its content, how it is run, and the versions of the libraries."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from neuronclaims import __version__
from neuronclaims.baselines.rows import Environment

if TYPE_CHECKING:
    from neuronclaims.claim_files.claims import ClaimFile
    from neuronclaims.study import Study

LIBRARIES = ("numpy", "scipy", "torch", "transformers", "tokenizers")
"""What can change a measured number, or a test of it."""


def environment_of(study: Study, file: ClaimFile, spec: str, model: str) -> Environment:
    """Return the environment of a file's claims on one model. Raises ModelError if the model does not exist."""
    content, how = study.fingerprint(file, spec), study.about(file, spec)
    return Environment(
        model=model,
        weights=content.weights,
        tokenizer=content.tokenizer,
        dtype=how["dtype"],
        device=how["device"],
        libraries=versions(),
    )


def versions() -> dict[str, str]:
    """Return the versions of the libraries that affect numbers, without importing them."""
    found = {"neuronclaims": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
