"""The plugin's options: each a ``--claims-*`` flag and a ``claims_*`` setting of the configuration file.

Imported by every pytest run of an environment, so nothing but pytest is loaded here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from neuronclaims.pytest_session.load_settings import check_load, meant_word

if TYPE_CHECKING:
    from neuronclaims.claim_files.prompt_folders import PromptFolders

SUFFIXES = (".claims.yaml", ".claims.yml")
"""How names of claim files end."""

OUTCOMES = ("passed", "failed", "skipped")
"""What becomes of a claim. Plugins that run claims anew call the runs before the last one something else."""


@dataclass(frozen=True)
class Setting:
    """One option: ``allowed`` is a pattern its value must match, ``choices`` says the same in words."""

    name: str
    metavar: str
    default: str
    text: str
    allowed: str = ".*"
    choices: str = ""


SETTINGS = (
    Setting("report", "DIR", "", "write claims.json and index.html into this folder"),
    Setting(
        "export",
        "FILE",
        "",
        "write the claims as a table into this file: .md, .tex or .parquet",
        r".+\.(md|tex|parquet)",
        "a file that ends in .md, .tex or .parquet",
    ),
    Setting(
        "summary",
        "WHAT",
        "auto",
        "add to GitHub's job summary where the variable GITHUB_STEP_SUMMARY names one: auto or off",
        "auto|off",
        "auto or off",
    ),
    Setting(
        "heatmaps",
        "WHAT",
        "auto",
        "show in the report what neurons do token by token, measured where a model runs anyway (auto), also where "
        "one must be loaded for it (on), or not at all (off)",
        "auto|on|off",
        "auto, on or off",
    ),
    Setting("cache", "DIR", ".neuronclaims", "keep what was measured in this folder", ".+", "a folder"),
    Setting(
        "device",
        "NAME",
        "",
        "where models run: cpu, cuda, cuda:N, mps or auto; cpu where neither this nor a claim file says it",
        r"cpu|cuda(:\d+)?|mps|auto",
        "cpu, cuda, cuda:N, mps or auto",
    ),
    Setting(
        "dtype",
        "NAME",
        "",
        "what models compute in: float32, bfloat16, float16, or auto for what their config.json names; float32 where "
        "neither this nor a claim file says it",
        "float32|bfloat16|float16|auto",
        "float32, bfloat16, float16 or auto",
    ),
    Setting(
        "attention",
        "NAME",
        "",
        "the implementation of attention: sdpa, eager, flash_attention_2 or flex_attention; sdpa where neither this "
        "nor a claim file says it",
        "sdpa|eager|flash_attention_2|flex_attention",
        "sdpa, eager, flash_attention_2 or flex_attention",
    ),
    Setting(
        "engine",
        "NAME",
        "local",
        "what measures models: local, this process, or another engine, such as ray:4 or ray:HOST:PORT",
        ".+",
        "the name of an engine",
    ),
    Setting(
        "device_map",
        "WHAT",
        "",
        "for models larger than a device, in place of a device: auto, balanced, sequential, or modules with their "
        "devices, such as model.embed_tokens=0,model.layers=cpu",
    ),
    Setting(
        "max_memory",
        "SIZES",
        "",
        "what a device map may take of each device, such as 0=20GiB,cpu=60GiB; what is free where nothing is said",
    ),
    Setting(
        "offload_folder",
        "DIR",
        "",
        "where a device map writes, for the time of a run, what cannot be read from a model's own files",
    ),
    Setting(
        "memory",
        "SIZE",
        "",
        "hold at most so much of measured values in memory, such as 4GiB, and read the rest from disk; a quarter of "
        "the free memory where nothing is said",
        r"\d{1,12}(\.\d{1,9})? ?[KMGT]i?B|\d{7,18}",
        "a size such as 4GiB",
    ),
    Setting(
        "store",
        "NAME",
        "float32",
        "the number type in which activations are kept and judged: float32, or bfloat16 or float16, which take half "
        "the disk",
        "float32|bfloat16|float16",
        "float32, bfloat16 or float16",
    ),
    Setting(
        "patience",
        "MINUTES",
        "",
        "how long a worker of an engine may be at one batch before it counts as hung; far longer than others needed "
        "where nothing is said",
        r"0*[1-9]\d{0,5}(\.\d{1,3})?",
        "a number of minutes from 1 to 999999, such as 30",
    ),
    Setting(
        "inconclusive",
        "WHAT",
        "fail",
        "what an unexpected inconclusive claim does: fail or skip",
        "fail|skip",
        "fail or skip",
    ),
    Setting(
        "fail_under",
        "SHARE",
        "",
        "pass where at least this share of the claims come out as expected, such as 90%, and fail where fewer do",
        r"(?:100|\d{1,2}(?:\.\d+)?) ?%?",
        "a share such as 90%",
    ),
)


MODEL = (
    "read this model from this folder, whatever the claim files call it; +NAME=FOLDER puts every claim file to it, "
    "also those that do not name it; can be given several times"
)
TRUST_CACHE = (
    "read a cache that git keeps, that belongs to another user, or that everyone may write to; whoever wrote it "
    "decides what the claims come to"
)
VERIFY = (
    "measure one text of each sort again before values of the cache are used, and measure everything where it differs; "
    "loads each model"
)
FRESH = "judge every claim anew, also those that were judged before with nothing changed since"
DOWNLOAD = (
    "download models of the Hugging Face hub that are not on this machine: safetensors weights, settings and "
    "tokenizer, never code"
)
SWITCHES = {"fresh": FRESH, "trust-cache": TRUST_CACHE, "verify": VERIFY, "download": DOWNLOAD}
"""Options that are on or off, by name, with what they say of themselves."""
PROMPT_FOLDERS = (
    "folders outside of pytest's rootdir that claim files may take prompts from: a folder on each line"
)
DRY_RUN = "say what would be measured of which model, from its config.json alone, and run nothing"


def add_settings(parser: pytest.Parser) -> None:
    """Add all options to pytest."""
    group = parser.getgroup("neuronclaims", "claims about neurons")
    group.addoption("--claims-dry-run", action="store_true", default=False, help=DRY_RUN)
    group.addoption("--claims-model", metavar="[+]NAME=FOLDER", action="append", default=[], help=MODEL)
    parser.addini("claims_model", f"{MODEL}: lines of [+]NAME=FOLDER", type="linelist", default=[])
    for name, text in SWITCHES.items():
        ini = f"claims_{name.replace('-', '_')}"
        said = f"{text} (setting {ini}, default: false)"
        group.addoption(f"--claims-{name}", action="store_true", default=False, help=said)
        parser.addini(ini, text, type="bool", default=False)
    parser.addini("claims_prompt_folders", PROMPT_FOLDERS, type="linelist", default=[])
    for setting in SETTINGS:
        name, default = setting.name, setting.default or "none"
        text = f"{setting.text} (setting claims_{name}, default: {default})"
        option = f"--claims-{name.replace('_', '-')}"
        group.addoption(option, metavar=setting.metavar, default=None, help=text.replace("%", "%%"))
        parser.addini(f"claims_{name}", setting.text, type="string", default=setting.default)


def check_settings(config: pytest.Config) -> None:
    """Raise pytest's UsageError for a value that is not allowed, before anything is collected."""
    for setting in SETTINGS:
        value = value_of(config, setting.name)
        given = config.getoption(f"claims_{setting.name}")
        if given is None and value == setting.default:
            continue
        if not re.fullmatch(setting.allowed, value):
            option = f"--claims-{setting.name.replace('_', '-')}"
            where = f"claims_{setting.name}" if given is None else option
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


def is_on(config: pytest.Config, switch: str) -> bool:
    """Say whether one of ``SWITCHES`` is on, on the command line or as a setting."""
    name = f"claims_{switch.replace('-', '_')}"
    return bool(config.getoption(name) or config.getini(name))


def folder_of(config: pytest.Config, name: str) -> Path | None:
    """Return the folder that an option names; None if it names none.

    On the command line it is relative to where pytest was called, in the configuration file to pytest's rootdir.
    """
    value = value_of(config, name)
    given = config.getoption(f"claims_{name}") is not None
    return (config.invocation_params.dir if given else config.rootpath) / value if value else None
