"""The plugin's options for baselines; only pytest is imported here."""

from __future__ import annotations

from pathlib import Path

import pytest

SAVE = "keep what comes out in claims/.baselines/NAME.json (default name: main)"
COMPARE = "say what became of each claim since the baseline NAME, or the file PATH (default name: main)"
FAIL_ON = (
    "what fails a run that is compared, by commas: lost, weaker:20%%, stronger:20%%, gained, unclear, edited, "
    "untestable, new, missing, or nothing (setting claims_fail_on, default: lost)"
)
REMATCH = (
    "after a comparison, look in the tested model for the neurons of lost claims; OLD is the folder of the model the "
    "baseline is about, or its name; NAME=OLD says so for one of several models; can be given several times"
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
    group.addoption("--claims-rematch", metavar="[NAME=]OLD", action="append", default=[], help=REMATCH)
    parser.addini("claims_rematch", f"{REMATCH}: lines of [NAME=]OLD", type="linelist", default=[])


def wants_baseline(config: pytest.Config) -> bool:
    """Say whether a run is saved or compared. Raises pytest's UsageError for options that are not allowed."""
    save, compare = config.getoption("claims_save"), config.getoption("claims_compare")
    if config.getoption("claims_fail_on") is not None and compare is None:
        raise pytest.UsageError("--claims-fail-on says what fails a comparison: add --claims-compare=NAME")
    if config.getoption("claims_rematch") and compare is None:
        raise pytest.UsageError(
            "--claims-rematch looks for the neurons of claims that a comparison finds lost: add --claims-compare=NAME"
        )
    old_models(config)
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


def old_models(config: pytest.Config) -> dict[str, tuple[str, Path]]:
    """Return the models of the baselines, and what their folders are relative to, by the names of the new models.

    The empty name stands for all that are not named; the command line wins over the configuration file. Raises
    pytest's UsageError for what is neither OLD nor NAME=OLD.
    """
    given = [("claims_rematch", line, config.rootpath) for line in config.getini("claims_rematch")]
    called = config.invocation_params.dir
    given += [("--claims-rematch", line, called) for line in config.getoption("claims_rematch")]
    found: dict[str, tuple[str, Path]] = {}
    for where, line, base in given:
        name, equals, old = line.strip().partition("=")
        if not equals or (base / line.strip()).is_dir():
            name, old = "", line.strip()
        if not old.strip() or (equals and old != line.strip() and not name.strip()):
            raise pytest.UsageError(
                f"{where} must be the old model, such as models/before, or NAME=OLD, not {line!r}"
            )
        found[name.strip()] = old.strip(), base
    return found


def compared_file(cache: Path | None, root: Path) -> Path:
    """Return the file with the rows of the last compared run, for ``neuronclaims accept``."""
    from neuronclaims.cache.layout import COMPARED

    return (cache or root / ".neuronclaims") / COMPARED
