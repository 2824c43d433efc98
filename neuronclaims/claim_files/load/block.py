"""The ``load:`` block of a claim file: from its keys to settings, and what is wrong with the models it names."""

from __future__ import annotations

from collections.abc import Iterator

from neuronclaims.claim_files.errors import Problem
from neuronclaims.claim_files.load.keys import Load, LoadOne
from neuronclaims.claim_files.schema import Header
from neuronclaims.claim_files.yaml.positions import Entries
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.loading.settings import UNSAID_BLOCK, LoadBlock, LoadSettings
from neuronclaims.sentences.messages import closest, quoted


def load_block(load: Load | None) -> LoadBlock:
    """Return the settings of a file's block; of a file without one, those that say nothing."""
    if load is None:
        return UNSAID_BLOCK
    return LoadBlock(_settings(load), {name: _settings(each) for name, each in (load.models or {}).items()})


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


def _settings(load: LoadOne) -> LoadSettings:
    return LoadSettings(load.dtype, load.device, load.attention)
