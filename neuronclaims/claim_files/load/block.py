"""The ``load:`` block of a claim file: from its keys to settings, and what is wrong with the models it names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.load.keys import Load, LoadOne
from neuronclaims.claim_files.schema import Header
from neuronclaims.claim_files.yaml.positions import Entries, Node
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.loading.settings import SETTINGS, UNSAID_BLOCK, LoadBlock, LoadSettings
from neuronclaims.sentences.messages import closest, quoted


def load_block(load: Load | None, base: Path) -> LoadBlock:
    """Return the settings of a file's block; of a file without one, those that say nothing.

    Folders are relative to ``base``, the folder of the claim file.
    """
    if load is None:
        return UNSAID_BLOCK
    models = {name: _settings(each, base) for name, each in (load.models or {}).items()}
    return LoadBlock(_settings(load, base), models)


def unknown_models(root: Entries, header: Header, source: SourceText) -> Iterator[Problem]:
    """Yield a problem for every model of the block that the file does not name."""
    block = root.get("load")
    named = block.get("models") if isinstance(block, Entries) else None
    for name, (key, _) in named.entries.items() if isinstance(named, Entries) else ():
        if name not in header.models.names:
            message = f"{quoted(name)} is no model of this file"
            yield source.problem(
                key.start,
                message,
                width=key.end - key.start,
                suggestion=closest(name, header.models.names),
                allowed=header.models.names,
            )


def clashes(root: Entries, header: Header, source: SourceText) -> Iterator[Problem]:
    """Yield a problem where a device and a device map are both said, and where memory is said without a map."""
    block, load = root.get("load"), header.load
    if load is None or not isinstance(block, Entries):
        return
    named = block.get("models")
    parts: list[tuple[Node, LoadOne]] = [(block, load)]
    if isinstance(named, Entries):
        parts += [(named.entries[name][1], each) for name, each in (load.models or {}).items()]
    mapped = any(each.device_map is not None for _, each in parts)
    for node, each in parts:
        if not isinstance(node, Entries):
            continue
        found = []
        if each.device is not None and each.device_map is not None:
            why = "'device' and 'device_map' both say where a model runs: leave one of them out"
            found.append(("device", why))
        for name in ("max_memory", "offload_folder"):
            if getattr(each, name) is not None and not mapped:
                found.append(
                    (name, f"{quoted(name)} is for a 'device_map': write 'device_map: auto' beside it")
                )
        for name, message in found:
            key = node.entries[name][0]
            yield source.problem(key.start, message, width=key.end - key.start)


def _settings(load: LoadOne, base: Path) -> LoadSettings:
    found = {name: getattr(load, name) for name in SETTINGS}
    if load.offload_folder is not None:
        found["offload_folder"] = str((base / Path(load.offload_folder).expanduser()).absolute())
    return LoadSettings(**found)
