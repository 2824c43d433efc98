"""All that a run may be told, each thing declared once: for pytest's options, its configuration file and the commands.

Imported by every pytest run of an environment, so nothing but words is loaded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from neuronclaims.loading.words import ATTENTIONS, DEVICE, DEVICES, DTYPES


@dataclass(frozen=True)
class Setting:
    """One thing that a run may be told, and what help says of it.

    ``default`` is what pytest's configuration has if nobody says it, ``unsaid`` is in words what holds then; with
    ``in_files`` a claim file may say it, too, and with ``several`` it may be given several times. ``allowed`` is a
    pattern that a value must match, ``choices`` says the same in words.

    >>> memory = Setting("max_memory", "SIZES", "what may be taken", unsaid="what is free", in_files=True)
    >>> memory.flag
    'max-memory'
    >>> memory.in_pytest
    'what may be taken; what is free where neither this nor a claim file says it'
    >>> memory.in_commands
    'what may be taken (default: what the claim file says or what is free)'
    """

    name: str
    metavar: str
    text: str
    default: str = ""
    allowed: str = ".*"
    choices: str = ""
    unsaid: str = ""
    in_files: bool = False
    several: bool = False

    @property
    def flag(self) -> str:
        """The name as it is typed: ``--FLAG`` of a command, ``--claims-FLAG`` of pytest."""
        return self.name.replace("_", "-")

    @property
    def ini(self) -> str:
        """The name in pytest's configuration file."""
        return f"claims_{self.name}"

    @property
    def in_pytest(self) -> str:
        """What pytest's help says of it; pytest adds the default."""
        where = "neither this nor a claim file says it" if self.in_files else "nothing is said"
        told = self.default or not self.unsaid
        return self._text if told else f"{self._text}; {self.unsaid} where {where}"

    @property
    def in_commands(self) -> str:
        """What the help of a command says of it."""
        file = "what the claim file says" if self.in_files else ""
        unsaid = " or ".join(filter(None, (file, self.unsaid)))
        return f"{self._text} (default: {unsaid})" if unsaid else self._text

    @property
    def _text(self) -> str:
        return f"{self.text}; can be given several times" if self.several else self.text


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"


REPORT = Setting("report", "DIR", "write claims.json and index.html into this folder")
EXPORT = Setting(
    "export",
    "FILE",
    "write the claims as a table into this file: .md, .tex or .parquet",
    allowed=r".+\.(md|tex|parquet)",
    choices="a file that ends in .md, .tex or .parquet",
)
SUMMARY = Setting(
    "summary",
    "WHAT",
    "add to GitHub's job summary where the variable GITHUB_STEP_SUMMARY names one: auto or off",
    "auto",
    "auto|off",
    "auto or off",
)
HEATMAPS = Setting(
    "heatmaps",
    "WHAT",
    "show in the report what neurons do token by token, measured where a model runs anyway (auto), also where one must "
    "be loaded for it (on), or not at all (off)",
    "auto",
    "auto|on|off",
    "auto, on or off",
)
CACHE = Setting(
    "cache",
    "DIR",
    "the folder that keeps what was measured",
    ".neuronclaims",
    ".+",
    "a folder",
    unsaid="the one that pytest uses here",
)
DEVICE_NAME = Setting(
    "device",
    "NAME",
    f"where models run: {_either(DEVICES)}",
    allowed=DEVICE,
    choices=_either(DEVICES),
    unsaid="cpu",
    in_files=True,
)
DTYPE = Setting(
    "dtype",
    "NAME",
    f"what models compute in: {', '.join(DTYPES[:-1])}, or auto for what their config.json names",
    allowed="|".join(DTYPES),
    choices=_either(DTYPES),
    unsaid="float32",
    in_files=True,
)
ATTENTION = Setting(
    "attention",
    "NAME",
    f"the implementation of attention: {_either(ATTENTIONS)}",
    allowed="|".join(ATTENTIONS),
    choices=_either(ATTENTIONS),
    unsaid="sdpa",
    in_files=True,
)
ENGINE = Setting(
    "engine",
    "NAME",
    "what measures models: local, this process, or another engine, such as ray:4 or ray:HOST:PORT",
    "local",
    ".+",
    "the name of an engine",
    unsaid="local",
)
DEVICE_MAP = Setting(
    "device_map",
    "WHAT",
    "for models larger than a device, in place of a device: auto, balanced, sequential, or modules with their devices, "
    "such as model.embed_tokens=0,model.layers=cpu",
    in_files=True,
)
MAX_MEMORY = Setting(
    "max_memory",
    "SIZES",
    "what a device map may take of each device, such as 0=20GiB,cpu=60GiB",
    unsaid="what is free",
    in_files=True,
)
OFFLOAD_FOLDER = Setting(
    "offload_folder",
    "DIR",
    "where a device map writes, for the time of a run, what cannot be read from a model's own files",
    unsaid="the system's folder of temporary files",
    in_files=True,
)
MEMORY = Setting(
    "memory",
    "SIZE",
    "hold at most so much of measured values in memory, such as 4GiB, and read the rest from disk",
    allowed=r"\d{1,12}(\.\d{1,9})? ?[KMGT]i?B|\d{7,18}",
    choices="a size such as 4GiB",
    unsaid="a quarter of the free memory",
)
STORE = Setting(
    "store",
    "NAME",
    "the number type in which activations are kept and judged: float32, or bfloat16 or float16, which take half "
    "the disk",
    "float32",
    "float32|bfloat16|float16",
    "float32, bfloat16 or float16",
)
PATIENCE = Setting(
    "patience",
    "MINUTES",
    "how long a worker of an engine may be at one batch before it counts as hung",
    allowed=r"0*[1-9]\d{0,5}(\.\d{1,3})?",
    choices="a number of minutes from 1 to 999999, such as 30",
    unsaid="far longer than others needed",
)
INCONCLUSIVE = Setting(
    "inconclusive",
    "WHAT",
    "what an unexpected inconclusive claim does: fail or skip",
    "fail",
    "fail|skip",
    "fail or skip",
)
FAIL_UNDER = Setting(
    "fail_under",
    "SHARE",
    "pass where at least this share of the claims come out as expected, such as 90%, and fail where fewer do",
    allowed=r"(?:100|\d{1,2}(?:\.\d+)?) ?%?",
    choices="a share such as 90%",
)

VALUES = (
    REPORT,
    EXPORT,
    SUMMARY,
    HEATMAPS,
    CACHE,
    DEVICE_NAME,
    DTYPE,
    ATTENTION,
    ENGINE,
    DEVICE_MAP,
    MAX_MEMORY,
    OFFLOAD_FOLDER,
    MEMORY,
    STORE,
    PATIENCE,
    INCONCLUSIVE,
    FAIL_UNDER,
)
"""Settings that have one value, in the order in which pytest's help lists them."""

FRESH = Setting(
    "fresh",
    "",
    "judge every claim anew, also those that were judged before with nothing changed since",
)
TRUST_CACHE = Setting(
    "trust_cache",
    "",
    "read a cache that git keeps, that belongs to another user, or that everyone may write to; whoever wrote it "
    "decides what the claims come to",
)
VERIFY = Setting(
    "verify",
    "",
    "measure one text of each sort again before values of the cache are used, and measure everything where it differs; "
    "loads each model",
)
DOWNLOAD = Setting(
    "download",
    "",
    "download models of the Hugging Face hub that are not on this machine: safetensors weights, settings and "
    "tokenizer, never code",
)
SWITCHES = (FRESH, TRUST_CACHE, VERIFY, DOWNLOAD)
"""Settings that are on or off."""

MODEL = Setting(
    "model",
    "[+]NAME=FOLDER",
    "read this model from this folder, whatever the claim files call it; +NAME=FOLDER tests every claim file on it, "
    "also those that do not name it",
    several=True,
)
PROMPT_FOLDERS = Setting(
    "prompt_folders",
    "DIR",
    "also read files of prompts from this folder outside of the project",
    several=True,
)
