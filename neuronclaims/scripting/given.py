"""Turn what a script gives, a path, a text, a mapping or sentences, into claim files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from neuronclaims.claim_files.claims import ClaimFile
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.reader import read_claim_file, read_claim_text
from neuronclaims.claim_files.schema import ClaimEntry, Header
from neuronclaims.errors import NeuronClaimsError
from neuronclaims.kinds import templates

Claims: TypeAlias = (
    "str | PathLike[str] | Mapping[str, object] | Sequence[str | PathLike[str] | Mapping[str, object]]"
)
"""A file or folder, the text of a claim file, a mapping with its keys, a sentence, or a list of these."""

FILES = "*.claims.yaml"


class GivenError(NeuronClaimsError):
    """What was given is no claim; the message says what to give instead."""


def files_of(
    given: Claims, models: Sequence[str], keys: Mapping[str, object], folders: Sequence[Path] = ()
) -> list[ClaimFile]:
    """Return the claim files of what was given.

    ``keys`` are keys of a claim file: sentences need those that a file has beside its claims, mappings and texts may
    leave some to them, files take none. ``models`` are named where nothing else names any.

    Raises GivenError for what is no claim, and ClaimFileError for what cannot be read.

    >>> sums = [{"text": "1 + 1", "numbers": {"size": 2}}, {"text": "2 + 3", "numbers": {"size": 5}}]
    >>> keys = {"site": "mlp_post", "tokens": "last of prompt", "sets": {"sums": sums}}
    >>> files = files_of("neuron 2:340 goes with size in sums", ["demo"], keys)
    >>> [claim.text for claim in files[0].claims]
    ['neuron 2:340 goes with size in sums']
    """
    if isinstance(given, str) and not given.strip():
        raise GivenError(
            "The text is empty: give a sentence, such as 'neuron 2:340 activates more for a than b'."
        )
    if isinstance(given, (bytes, bytearray)):
        raise GivenError("Bytes are no claim: decode them first, as with .decode('utf-8').")
    if _is_path(given):
        if keys:
            names = ", ".join(keys)
            raise GivenError(
                f"{given} says itself what {names} should be; change the file, or give its text."
            )
        return _from_path(Path(given), folders)  # type: ignore[arg-type]
    if isinstance(given, str):
        if re.search(r"(?m)^claims\s*:", given):
            return [_from_text(given, models, keys, folders)]
        return [_from_mapping("sentence", {"claims": [given]}, models, keys, folders)]
    if isinstance(given, Mapping):
        whole = given if "claims" in given else {"claims": [given]}
        if "claims" not in given and "claim" not in given:
            raise GivenError(
                "The mapping has neither 'claims' nor 'claim': give a claim file's keys, "
                "{'sets': ..., 'claims': [...]}, or one claim's, {'claim': 'neuron 2:340 ...'}."
            )
        return [_from_mapping("mapping", whole, models, keys, folders)]
    return _from_list(given, models, keys, folders)


def _from_list(
    given: object, models: Sequence[str], keys: Mapping[str, object], folders: Sequence[Path]
) -> list[ClaimFile]:
    if not isinstance(given, Iterable):
        raise GivenError(
            f"What is given is no claim ({type(given).__name__}): give a path, a text, a mapping, a sentence or "
            "a list of sentences."
        )
    several = list(given)
    if not several:
        raise GivenError("The list of claims is empty: give at least one sentence.")
    if all(map(_is_path, several)):
        return [file for each in several for file in files_of(each, models, keys, folders)]
    if any(isinstance(each, Mapping) and "claims" in each for each in several):
        raise GivenError(
            "A list holds sentences, single claims, or paths; give mappings of whole files one by one."
        )
    return [_from_mapping("sentences", {"claims": several}, models, keys, folders)]


def _is_path(given: object) -> bool:
    if isinstance(given, PathLike):
        return True
    if not isinstance(given, str) or "\n" in given or len(given) > 1_000:
        return False
    return given.endswith((".yaml", ".yml")) or ("\0" not in given and Path(given).exists())


def _from_path(path: Path, folders: Sequence[Path]) -> list[ClaimFile]:
    paths = sorted(path.rglob(FILES)) if path.is_dir() else [path]
    if not paths:
        raise GivenError(f"{path} holds no claim file: their names end in .claims.yaml.")
    return [read_claim_file(each, templates(), PromptFolders.around(each, tuple(folders))) for each in paths]


def _from_text(
    text: str, models: Sequence[str], keys: Mapping[str, object], folders: Sequence[Path]
) -> ClaimFile:
    added = dict(keys)
    if not re.search(r"(?m)^version\s*:", text):
        added["version"] = 1
    if models and not re.search(r"(?m)^models\s*:", text):
        added["models"] = list(models)
    return _read(f"{text.rstrip()}\n{yaml_of(added)}" if added else text, "text", folders)


def _from_mapping(
    name: str,
    given: Mapping[str, object],
    models: Sequence[str],
    keys: Mapping[str, object],
    folders: Sequence[Path],
) -> ClaimFile:
    if twice := [key for key in keys if key in given]:
        raise GivenError(f"{', '.join(map(repr, twice))} is given twice: in the mapping and beside it.")
    own = {key: value for key, value in keys.items() if key in _CLAIM_ALONE}
    claims = given["claims"]
    if own:
        if not isinstance(claims, list) or len(claims) != 1 or not isinstance(claims[0], str):
            raise GivenError(
                f"{', '.join(map(repr, own))} belongs to one claim: give {{'claim': ..., {next(iter(own))!r}: ...}}."
            )
        claims = [{"claim": claims[0], **own}]
    whole: dict[str, object] = {"version": 1}
    if models:
        whole["models"] = list(models)
    whole |= {key: value for key, value in keys.items() if key not in own}
    whole |= {key: value for key, value in given.items() if key != "claims"}
    if "models" not in whole:
        raise GivenError('Say which model is meant: model="demo", a folder, or a model that is loaded.')
    return _read(yaml_of({**whole, "claims": claims}), name, folders)


_CLAIM_ALONE = frozenset(ClaimEntry.model_fields) - frozenset(Header.model_fields) - {"claim"}


def _read(text: str, name: str, folders: Sequence[Path]) -> ClaimFile:
    here = Path.cwd()
    allowed = PromptFolders.around(here / name, tuple(folders))
    return read_claim_text(text, templates(), here, name=name, folders=allowed)


class _Dumper(yaml.SafeDumper):
    """Writes every value out: claim files have no anchors."""

    def ignore_aliases(self, _data: object) -> bool:
        """Return True: nothing is written once and named again."""
        return True


def yaml_of(keys: Mapping[str, object]) -> str:
    """Return keys of a claim file as its text; raise GivenError for a value that cannot stand in one."""
    return yaml.dump(
        _plain(keys, "what was given"),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=float("inf"),
    )


def _plain(value: Any, where: str) -> Any:
    """Return a value as mappings, lists and texts; arrays, series and tables of other libraries included."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise GivenError(f"{where}: bytes are no text; decode them first, as with .decode('utf-8').")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, PathLike):
        return str(Path(value))
    if isinstance(value, bool):
        return value
    if value is None or type(value) in (int, float):
        if value is not None and not isfinite(value):
            raise GivenError(f"{where}: {value} stands where a text or a number should be: a missing cell?")
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(each, str(key)) for key, each in value.items()}
    if hasattr(value, "to_dicts"):  # a table of polars
        return _plain(value.to_dicts(), where)
    if hasattr(value, "to_dict") and hasattr(value, "columns"):  # a table of pandas
        return _plain(value.to_dict("records"), where)
    if hasattr(value, "tolist"):  # arrays, and series
        return _plain(value.tolist(), where)
    if isinstance(value, Iterable):
        several = list(value)
        if any(
            each is None or (isinstance(each, Mapping) and each.get("text", "") is None) for each in several
        ):
            raise GivenError(f"{where}: None stands where a text should be: a missing cell?")
        return [_plain(each, where) for each in several]
    raise GivenError(f"{where}: a {type(value).__name__} cannot stand in a claim file.")
