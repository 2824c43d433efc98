"""The plugin's options for baselines, as pytest knows them; nothing but pytest is loaded here."""

from __future__ import annotations

from pathlib import Path

import pytest

SAVE = "keep what comes out in claims/.baselines/NAME.json (default name: main)"
COMPARE = "say what became of each claim since the baseline NAME, or the file PATH (default name: main)"
FAIL_ON = (
    "what fails a run that is compared, by commas: lost, weaker:20%%, stronger:20%%, gained, unclear, edited, "
    "untestable, new, missing, or nothing (setting claims_fail_on, default: lost)"
)


def add_baseline_settings(parser: pytest.Parser) -> None:
    """Tell pytest of the options."""
    group = parser.getgroup("neuronclaims", "claims about neurons")
    group.addoption("--claims-save", metavar="NAME", nargs="?", const="main", default=None, help=SAVE)
    group.addoption(
        "--claims-compare", metavar="NAME|PATH", nargs="?", const="main", default=None, help=COMPARE
    )
    group.addoption("--claims-fail-on", metavar="WORDS", default=None, help=FAIL_ON)
    parser.addini("claims_fail_on", FAIL_ON.replace("%%", "%"), type="string", default="lost")


def wants_baseline(config: pytest.Config) -> bool:
    """Say whether a run is to be saved or compared. Raises pytest's UsageError for options that cannot be."""
    save, compare = config.getoption("claims_save"), config.getoption("claims_compare")
    if config.getoption("claims_fail_on") is not None and compare is None:
        raise pytest.UsageError("--claims-fail-on says what fails a comparison: add --claims-compare=NAME")
    for option, word in (("--claims-save", save), ("--claims-compare", compare)):
        # A path that follows the bare option is taken for its value.
        file = config.invocation_params.dir / (word or "").partition("::")[0]
        if word and (file.is_dir() or word.partition("::")[0].endswith((".yaml", ".yml", ".py"))):
            raise pytest.UsageError(
                f"{option} took {word!r} for the name of a baseline: write {option}=NAME, or {option} at the end"
            )
    return save is not None or compare is not None


def fail_on(config: pytest.Config) -> str:
    """Return what fails a comparison, from the command line, else from the configuration file."""
    given = config.getoption("claims_fail_on")
    return str(config.getini("claims_fail_on") if given is None else given)


def compared_file(cache: Path | None, root: Path) -> Path:
    """Return where the rows of the last compared run are kept, for ``neuronclaims accept``."""
    return (cache or root / ".neuronclaims") / "compared.json"
