"""Report folders that were given for models which no claim file names: a typing error on the command line."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from difflib import get_close_matches

import pytest

from neuronclaims.foreign_text import harmless
from neuronclaims.pytest_session.nodes import ClaimItem
from neuronclaims.pytest_session.settings import added_models, model_names


class ModelNames:
    """A check of the model names on the command line against those in all claim files collected.

    On the command line a name that none of them has is an error. A configuration file serves runs of any part of the
    claim files, so there it is a warning, and only where pytest was called without naming a part.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._trouble: str | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Read the names of all claim files before any claim is deselected, unless a file could not be read.

        Raises pytest's UsageError; a worker of xdist cannot, so its claims say it.
        """
        files = {item.path: item.parent.outline for item in items if isinstance(item, ClaimItem)}
        if not files or session.testsfailed:
            return
        used = dict.fromkeys(name for file in files.values() for name in file.models)
        known = {*used, *added_models(self.config)}
        for where, name in model_names(self.config):
            if name not in known:
                self._tell(where, _message(where, name, used))

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Stop every claim from being tested on a wrong model."""
        if self._trouble is not None and isinstance(item, ClaimItem):
            pytest.fail(self._trouble, pytrace=False)

    def _tell(self, where: str, text: str) -> None:
        if where == "claims_model":
            if self.config.args_source is not pytest.Config.ArgsSource.ARGS:
                warnings.warn(pytest.PytestWarning(harmless(text)), stacklevel=2)
        elif hasattr(self.config, "workerinput"):
            self._trouble = text
        else:
            raise pytest.UsageError(harmless(text))


def _message(where: str, name: str, used: Iterable[str]) -> str:
    names = list(used)
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    meant = f" Did you mean {close[0]!r}?" if close else ""
    return (
        f"{where}: no claim file that was collected names a model {name!r}; they name {', '.join(names)}.{meant} "
        f"To put all claims to it as well, write +{name}=FOLDER."
    )
