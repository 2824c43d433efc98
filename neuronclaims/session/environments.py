"""What a session measures with: the model by its contents, how it is run, and the libraries' versions."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

import pytest

from neuronclaims import __version__
from neuronclaims.baselines.rows import Environment
from neuronclaims.session.settings import value_of

if TYPE_CHECKING:
    from neuronclaims.language import ClaimFile
    from neuronclaims.study import Study

LIBRARIES = ("numpy", "scipy", "torch", "transformers", "tokenizers")
"""What can change a measured number, or a test of it."""


def environment_of(
    study: Study, file: ClaimFile, spec: str, model: str, config: pytest.Config
) -> Environment:
    """Return what a file's claims on one model are measured with. Raises ModelError where the model is not there."""
    content = study.fingerprint(file, spec)
    return Environment(
        model=model,
        weights=content.weights,
        tokenizer=content.tokenizer,
        dtype=value_of(config, "dtype"),
        device=value_of(config, "device").split(":")[0],
        libraries=versions(),
    )


def versions() -> dict[str, str]:
    """Return the versions of what makes numbers, read without importing any of it."""
    found = {"neuronclaims": __version__, "python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
