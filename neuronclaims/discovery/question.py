"""Turn what is given to a search, prompt files, sets or a claim file, into one claim that stands for all neurons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import TypeAlias

import yaml

from neuronclaims.claim_files.claims import Claim, ClaimFile
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.prompts.origin import SUFFIXES
from neuronclaims.claim_files.reader import read_claim_file, read_claim_text
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.sorts import sort_of
from neuronclaims.discovery.sorts.sort import Sort
from neuronclaims.kinds import templates
from neuronclaims.scripting.given import yaml_of
from neuronclaims.sentences.messages import quoted
from neuronclaims.sentences.subjects.neurons import Neuron

Given: TypeAlias = "str | PathLike[str] | Mapping[str, object] | Iterable[str | PathLike[str]]"
"""A claim file, sets by name, or files of prompts, which are sets called as their files are."""

YAML = (".yaml", ".yml")
KEPT = ("site", "tokens", "generate", "alpha", "resamples", "seed", "load")
"""Keys of a claim file that the file for the other half has as well."""
TOKENS = "mean of prompt"
"""Which tokens count if nothing is said; a claim file says so even where all its claims read every token."""
CORRECTIONS = ("holm", "bonferroni")
"""Corrections of a claim file that are kept: what is planned for them holds."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked for: neurons by the kind ``sort``, in the sets ``names``: one, or one against another.

    ``file`` holds one claim, about a neuron that stands for all. ``header`` are the keys of the claim file that will be
    written, as text.
    """

    file: ClaimFile
    header: Mapping[str, str]
    sort: Sort
    names: tuple[str, ...]

    @property
    def claim(self) -> Claim:
        """The claim that stands for one about any neuron."""
        return self.file.claims[0]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a search is asked for: between which sets, by which kind of claim, and what the kind asks for.

    ``k`` is the length of lists, ``others`` all else, by name.
    """

    kind: str
    target: str | None
    against: str | None
    k: int
    others: Mapping[str, str] = field(default_factory=dict)


def question_of(
    given: Given, wanted: Sought, model: str, keys: Mapping[str, object], folders: tuple[Path, ...] = ()
) -> Question:
    """Return the question; raise DiscoveryError for what names no sets, ClaimFileError for what cannot be read.

    ``keys`` are keys of a claim file, such as ``site``; they take the place of those of a claim file that is given.
    """
    sort = sort_of(wanted.kind, wanted.k, wanted.others)
    section = "pairs" if sort.of_pairs else "sets"
    texts, name, places = _texts_of(given, folders, section)
    texts |= {key: yaml_of({key: value}) for key, value in keys.items()}
    if "site" not in texts:
        raise DiscoveryError("Say where neurons are read: site missing, such as site 'mlp_post'.")
    texts.setdefault("tokens", yaml_of({"tokens": TOKENS}))
    there = _set_names(texts[section], section)
    names = _sides(there, wanted) if sort.sets == 2 else (_one_of(there, wanted),)
    sentence = str(sort.sentence(Neuron(0, 0), names, sort.least))
    claims = yaml_of({"claims": [{"claim": sentence, "id": "any-neuron", **sort.options(names)}]})
    whole = f"version: 1\n{yaml_of({'models': _models(model, places)})}{''.join(texts.values())}{claims}"
    allowed = PromptFolders.around(Path.cwd() / name, folders)
    file = read_claim_text(whole, templates(), Path.cwd(), name=name, folders=allowed)
    if not isinstance(file.claims[0].settings.site, str) or type(file.claims[0].settings.site) is not str:
        raise DiscoveryError(
            "Neurons of a plain site such as 'mlp_post' are looked for; latents and heads are not yet."
        )
    header = {key: text for key, text in texts.items() if key in KEPT}
    if file.correction in CORRECTIONS and "correction" in texts:
        header["correction"] = texts["correction"]
    return Question(file, header, sort, names)


def _models(model: str, places: Mapping[str, str]) -> object:
    return {model: places[model]} if model in places else [model]


def _texts_of(
    given: Given, folders: tuple[Path, ...], section: str
) -> tuple[dict[str, str], str, Mapping[str, str]]:
    """Return the keys of a claim file as text, the path that it is known by, and where models are.

    ``section`` is the one that prompts are taken from: sets, or pairs.
    """
    if isinstance(given, (str, PathLike)):
        path = Path(given)
        if path.suffix in YAML:
            texts, places = _of_claim_file(path, folders, section)
            return texts, str(path), places
        given = [given]
    if isinstance(given, Mapping):
        inner = given.get(section)
        sets: Mapping[str, object] = inner if isinstance(inner, Mapping) else given
        others = {key: value for key, value in given.items() if sets is not given and key != section}
        if unknown := [key for key in others if key not in (*KEPT, "correction")]:
            raise DiscoveryError(
                f"{quoted(unknown[0])} has no part in a search: give '{section}' and the keys {KEPT}."
            )
        made = {str(name): _one_set(value) for name, value in sets.items()}
        keys = {key: yaml_of({key: value}) for key, value in others.items()}
        return {section: yaml_of({section: made}), **keys}, section, {}
    files = [Path(each) for each in given]
    if not files:
        raise DiscoveryError("There are no prompts: give two files or sets at least, or a claim file.")
    if len(names := {path.stem for path in files}) < len(files):
        raise DiscoveryError(
            f"Two files are called {', '.join(sorted(names))}: say a=FILE and b=FILE instead."
        )
    made = {path.stem: {"file": path} for path in files}
    return {section: yaml_of({section: made})}, section, {}


def _one_set(value: object) -> object:
    """Return a set as a claim file has it: a path stands for its file."""
    is_file = isinstance(value, PathLike) or (isinstance(value, str) and value.endswith(SUFFIXES))
    return {"file": value} if is_file else value


def _of_claim_file(
    path: Path, folders: tuple[Path, ...], section: str
) -> tuple[dict[str, str], Mapping[str, str]]:
    """Return the keys of a claim file with their text as it stands there, and where the models are that it names."""
    file = read_claim_file(path, templates(), PromptFolders.around(path, folders))
    text = path.read_text(encoding="utf-8-sig")
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise DiscoveryError(f"{path} is written in braces: put its keys on lines of their own.")
    starts = [key.start_mark.index for key, _ in root.value]
    names = [str(key.value) for key, _ in root.value]
    ends = [*starts[1:], len(text)]
    cut = {name: text[start:end] for name, start, end in zip(names, starts, ends, strict=True)}
    if section not in cut:
        raise DiscoveryError(f"{path} has no {section!r}, and this kind of claim is looked for in {section}.")
    wanted = (*KEPT, "correction", section)
    return {name: each.rstrip() + "\n" for name, each in cut.items() if name in wanted}, file.places


def _set_names(text: str, section: str) -> list[str]:
    return list(yaml.load(text, Loader=yaml.BaseLoader)[section])


def _one_of(names: list[str], wanted: Sought) -> str:
    """Return the set that neurons are looked for in; raise DiscoveryError where that is unclear."""
    there = ", ".join(names)
    if wanted.against is not None:
        raise DiscoveryError(
            f"{wanted.kind.capitalize()} is of one set and compares no two: leave out {quoted(wanted.against)}."
        )
    if wanted.target is None and len(names) > 1:
        raise DiscoveryError(f"Say in which set neurons are looked for; the sets are {there}.")
    if wanted.target is not None and wanted.target not in names:
        raise DiscoveryError(f"There is no set {quoted(wanted.target)}; the sets are {there}.")
    return wanted.target or names[0]


def _sides(names: list[str], wanted: Sought) -> tuple[str, str]:
    """Return the set neurons are looked for, and the other; raise DiscoveryError where that is unclear."""
    there = ", ".join(names)
    if len(names) < 2:
        raise DiscoveryError(
            f"There is one set, {there}: a neuron is looked for in one set of prompts against another; give a second."
        )
    for name in (wanted.target, wanted.against):
        if name is not None and name not in names:
            raise DiscoveryError(f"There is no set {quoted(name)}; the sets are {there}.")
    if wanted.target is None:
        raise DiscoveryError(f"Say for which set neurons are looked for; the sets are {there}.")
    others = [name for name in names if name != wanted.target]
    if wanted.against is None and len(others) > 1:
        raise DiscoveryError(f"Say which set {quoted(wanted.target)} is compared with: {', '.join(others)}.")
    against = wanted.against or others[0]
    if against == wanted.target:
        raise DiscoveryError(
            f"{quoted(against)} cannot be compared with itself; name another of {', '.join(others)}."
        )
    return wanted.target, against
