"""The settings of a run as pytest has them: ``--claims-*`` options, and ``claims_*`` in the configuration file.

Imported by every pytest run of an environment, so nothing but pytest is loaded here.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neuronclaims.pytest_session.load_settings import check_load, meant_word
from neuronclaims.run_settings import MODEL, PROMPT_FOLDERS, SWITCHES, VALUES, Setting

if TYPE_CHECKING:
    from neuronclaims.claim_files.prompt_folders import PromptFolders

SUFFIXES = (".claims.yaml", ".claims.yml")
"""How names of claim files end."""

OUTCOMES = ("passed", "failed", "skipped")
"""What becomes of a claim. Plugins that run claims anew call the runs before the last one something else."""

DRY_RUN = "say what would be measured of which model, from its config.json alone, and run nothing"


def add_settings(parser: pytest.Parser) -> None:
    """Add all options to pytest."""
    group = parser.getgroup("neuronclaims", "claims about neurons")
    group.addoption("--claims-dry-run", action="store_true", default=False, help=DRY_RUN)
    group.addoption(
        "--claims-model", metavar=MODEL.metavar, action="append", default=[], help=MODEL.in_pytest
    )
    parser.addini(MODEL.ini, f"{MODEL.text}: lines of {MODEL.metavar}", type="linelist", default=[])
    for switch in SWITCHES:
        said = f"{switch.in_pytest} (setting {switch.ini}, default: false)"
        group.addoption(f"--claims-{switch.flag}", action="store_true", default=False, help=said)
        parser.addini(switch.ini, switch.text, type="bool", default=False)
    parser.addini(PROMPT_FOLDERS.ini, f"{PROMPT_FOLDERS.text}: lines of folders", type="linelist", default=[])
    for setting in VALUES:
        text = f"{setting.in_pytest} (setting {setting.ini}, default: {setting.default or 'none'})"
        option = f"--claims-{setting.flag}"
        group.addoption(option, metavar=setting.metavar, default=None, help=text.replace("%", "%%"))
        parser.addini(setting.ini, setting.in_pytest, type="string", default=setting.default)


def check_settings(config: pytest.Config) -> None:
    """Raise pytest's UsageError for a value that is not allowed, before anything is collected."""
    for setting in VALUES:
        value = value_of(config, setting.name)
        given = config.getoption(setting.ini)
        if given is None and value == setting.default:
            continue
        if not re.fullmatch(setting.allowed, value):
            where = setting.ini if given is None else f"--claims-{setting.flag}"
            raise pytest.UsageError(
                f"{where} must be {setting.choices}, not {value!r}{meant_word(setting.name, value)}"
            )
    _check_engine(config)
    check_load(config)
    model_folders(config)
    if config.getoption("claims_dry_run"):
        config.option.collectonly = True


def _check_engine(config: pytest.Config) -> None:
    said = value_of(config, "engine")
    if said == "local":
        return
    from neuronclaims.engines.opening import check_engine
    from neuronclaims.errors import NeuronClaimsError
    from neuronclaims.foreign_text import harmless

    try:
        check_engine(said)
    except NeuronClaimsError as error:
        where = "claims_engine" if config.getoption("claims_engine") is None else "--claims-engine"
        raise pytest.UsageError(harmless(f"{where}: {error}")) from None


def model_folders(config: pytest.Config) -> dict[str, Path]:
    """Return the folders of models by the names claim files use; the command line wins over the configuration file.

    Raises pytest's UsageError for what is no NAME=FOLDER, and for folders that are not there.
    """
    found: dict[str, Path] = {}
    for where, line, base in given_models(config):
        name, folder = _named_folder(where, line)
        found[name] = (base / Path(folder).expanduser()).resolve()
        if not found[name].is_dir():
            from neuronclaims.foreign_text import harmless

            raise pytest.UsageError(
                harmless(f"{where}: there is no folder {found[name]} for the model {name!r}")
            )
    return found


def added_models(config: pytest.Config) -> list[str]:
    """Return the names of the models that every claim file is also tested on, each once, in the order given."""
    lines = (line.strip() for _, line, _ in given_models(config))
    return list(dict.fromkeys(_named_folder("", line)[0] for line in lines if line.startswith("+")))


def model_names(config: pytest.Config) -> list[tuple[str, str]]:
    """Return the names that folders were given for, with their source: ``--claims-model`` or ``claims_model``."""
    return [(where, _named_folder(where, line)[0]) for where, line, _ in given_models(config)]


def given_models(config: pytest.Config) -> list[tuple[str, str, Path]]:
    """Return the source of each model, its value, and what its folder is relative to."""
    given = [("claims_model", line, config.rootpath) for line in config.getini("claims_model")]
    called = config.invocation_params.dir
    return given + [("--claims-model", line, called) for line in config.getoption("claims_model")]


def prompt_folders(config: pytest.Config) -> PromptFolders:
    """Return where files of prompts may lie: below pytest's rootdir, and in folders that the configuration allows."""
    from neuronclaims.claim_files.prompt_folders import PromptFolders

    given = [Path(line).expanduser() for line in config.getini("claims_prompt_folders")]
    return PromptFolders(config.rootpath, tuple(config.rootpath / folder for folder in given))


def _named_folder(where: str, line: str) -> tuple[str, str]:
    name, _, folder = line.strip().removeprefix("+").partition("=")
    if not (name.strip() and folder.strip()):
        raise pytest.UsageError(
            f"{where} must be NAME=FOLDER, such as gpt2=models/gpt2, or +NAME=FOLDER, not {line!r}"
        )
    return name.strip(), folder.strip()


def value_of(config: pytest.Config, name: str) -> str:
    """Return the value of an option: from the command line, else from the configuration file."""
    given = config.getoption(f"claims_{name}")
    return str(config.getini(f"claims_{name}") if given is None else given)


def is_on(config: pytest.Config, switch: Setting) -> bool:
    """Say whether one of ``SWITCHES`` is on, on the command line or as a setting."""
    return bool(config.getoption(switch.ini) or config.getini(switch.ini))


def folder_of(config: pytest.Config, name: str) -> Path | None:
    """Return the folder that an option names; None if it names none.

    On the command line it is relative to where pytest was called, in the configuration file to pytest's rootdir.
    """
    value = value_of(config, name)
    given = config.getoption(f"claims_{name}") is not None
    return (config.invocation_params.dir if given else config.rootpath) / value if value else None
