"""Write the claim file that tests what was found, and both halves of the prompts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from neuronclaims.claim_files.claims import ClaimFile, PairSet, PromptSet
from neuronclaims.discovery.candidates import sizes
from neuronclaims.discovery.errors import DiscoveryError
from neuronclaims.discovery.prompt_rows import as_prompts, file_entry, fits_rows, lines, listed, pairs_entry
from neuronclaims.discovery.split import Texts
from neuronclaims.scripting.given import yaml_of
from neuronclaims.stats.unit_counts import sizes_in_words

if TYPE_CHECKING:
    from neuronclaims.discovery.candidates import Candidate
    from neuronclaims.discovery.discoveries import Discoveries

INLINE = 40
"""So many prompts in all are written into the claim file itself; more go into files beside it."""
SUFFIXES = (".claims.yaml", ".claims.yml")
SEARCHED, TESTED = "discovery.jsonl", "test.jsonl"
OPENING = """\
# Neurons that were looked for on one half of some prompts (discovered_on), to be tested on the other half (sets), which
# had no part in finding them. The number of each claim is not what was seen: the first of many is first partly by luck.
# 'To expect' is what was measured where it had no part in the ranking (on parts of the half that was searched, left out
# in turn); the number is the largest that these prompts support with a probability of 0.8 if that is the true effect.
"""


def written(found: Discoveries, path: Path, *, force: bool) -> Path:
    """Write the claim file, and the halves where they are not in it; return its path."""
    check_out(path, force=force)
    texts = [each for half in _halves(found) for each in half.values()]
    if sum(len(each.prompts) for each in texts) <= INLINE or not all(map(fits_rows, texts)):
        path.write_text(inline_text(found, path.parent), encoding="utf-8")
        return path
    folder = folder_of(path)
    names = [folder / SEARCHED, folder / TESTED]
    if (there := [name for name in names if name.exists()]) and not force:
        raise DiscoveryError(f"{there[0]} is there already: choose another name, or overwrite it with force.")
    folder.mkdir(exist_ok=True)
    searched, tested = _halves(found)
    halves = {name: as_prompts(each) for name, each in searched.items()}, tested
    for name, half in zip(names, halves, strict=True):
        name.write_text("".join(lines(half)), encoding="utf-8")
    path.write_text(file_text(found, path), encoding="utf-8")
    return path


def check_out(path: Path, *, force: bool) -> None:
    """Raise DiscoveryError for a file that could not be written, or that pytest would not collect."""
    if not path.name.endswith(SUFFIXES):
        raise DiscoveryError(f"{path.name} would be no claim file: let its name end in .claims.yaml.")
    if not path.parent.is_dir():
        raise DiscoveryError(f"There is no folder {path.parent} to write {path.name} to.")
    if path.exists() and not force:
        raise DiscoveryError(f"{path} is there already: choose another name, or overwrite it with force.")


def folder_of(path: Path) -> Path:
    """Return the folder of both halves: found/ for found.claims.yaml."""
    return path.parent / path.name.removesuffix(".yaml").removesuffix(".yml").removesuffix(".claims")


def inline_text(found: Discoveries, folder: Path | None = None) -> str:
    """Return the claim file with all prompts in it; paths in it are relative to ``folder``, or the working folder."""
    searched, tested = _halves(found)
    names = {name: _unused(f"{name}_discovery", tested) for name in searched}
    pairs = {name: listed(each) for name, each in tested.items() if isinstance(each, PairSet)}
    sets = {name: listed(each) for name, each in tested.items() if name not in pairs}
    sets |= {names[name]: listed(as_prompts(each)) for name, each in searched.items()}
    top = {"discovered_on": list(names.values()), "sets": sets, **({"pairs": pairs} if pairs else {})}
    return _text(found, folder or Path.cwd(), top)


def file_text(found: Discoveries, path: Path) -> str:
    """Return the claim file whose prompts are in files beside it."""
    folder = folder_of(path).name
    searched, tested = _halves(found)
    file = f"{folder}/{TESTED}"
    sets = {
        name: file_entry(file, each.prompts) | {"where": {"set": name}}
        for name, each in tested.items()
        if isinstance(each, PromptSet)
    }
    pairs = {name: pairs_entry(file, each) for name, each in tested.items() if isinstance(each, PairSet)}
    prompts = [prompt for each in searched.values() for prompt in as_prompts(each).prompts]
    top: dict[str, object] = {"discovered_on": file_entry(f"{folder}/{SEARCHED}", prompts)}
    top |= {key: entries for key, entries in (("sets", sets), ("pairs", pairs)) if entries}
    return _text(found, path.parent, top)


def _text(found: Discoveries, folder: Path, top: Mapping[str, object]) -> str:
    asked = found.question
    models = _models(asked.file, folder)
    claims = "".join(_claim(found, each) for each in found.candidates if each.claimed)
    header = "".join(asked.header.values())
    return f"{OPENING}version: 1\n{yaml_of({'models': models})}{header}{yaml_of(top)}claims:\n{claims}"


def _models(file: ClaimFile, folder: Path) -> object:
    """Return the model as a file in ``folder`` names it: a folder by its way from there."""
    spec = file.models[0]
    where = file.where(spec)
    place = file.path.parent / where
    if where != "demo" and place.is_dir():
        where = Path(os.path.relpath(place, folder)).as_posix()
    return {spec: where} if spec in file.places else [where]


def _claim(found: Discoveries, each: Candidate) -> str:
    asked, sort = found.question, found.question.sort
    unit = found.split.designs[1].unit
    needed = "more than 100,000" if each.needed is None else _sizes(each.needed, unit, found)
    comment = (
        f"  # Seen {sort.words(each.seen)}, to expect {sort.words(each.expected)}. Supported with probability "
        f"{each.power:.2f} if that is true;\n  # {needed} would show in 8 times of 10 that there is an effect.\n"
    )
    sentence = str(sort.sentence(each.neuron, asked.names, each.number))
    place = "first" if each.place == 1 else f"number {each.place}"
    searched = sizes(sort, found.split.designs[0])
    because = (
        f"{place} of {found.neurons:,} neurons on {searched} for discovery: {sort.words(each.seen)}, p = {each.p:.2g} "
        "corrected for all of them"
    )
    if said := found.beside.get(each.neuron):
        because += f"; {said}"
    made = {
        "id": f"found-{each.place}-{str(each.neuron).replace(':', '-')}",
        "claim": sentence,
        **sort.options(asked.names),
        "because": because,
    }
    lines = yaml_of(made).splitlines()
    return comment + "".join(
        f"{'  - ' if number == 0 else '    '}{line}\n" for number, line in enumerate(lines)
    )


def _sizes(counts: tuple[int, int], unit: str, found: Discoveries) -> str:
    return sizes_in_words(counts[:1] if found.split.designs[1].paired else counts, unit)


def _halves(found: Discoveries) -> tuple[Mapping[str, Texts], Mapping[str, Texts]]:
    return found.split.searched, found.split.tested


def _unused(name: str, names: Mapping[str, object]) -> str:
    while name in names:
        name += "_"
    return name
