"""Read one entry of ``dictionaries:``: which latents a sentence can name, and at which site they are."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from neuronclaims.claim_files.dictionaries.entries import DictionaryEntry
from neuronclaims.claim_files.directions.entries import AtPlace, place_of
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompt_folders import PromptFolders
from neuronclaims.claim_files.yaml.positions import Entries, Node, Scalar
from neuronclaims.claim_files.yaml.source import SourceText
from neuronclaims.claim_files.yaml.validation import Section, validate
from neuronclaims.foreign_files import ForeignFileError
from neuronclaims.measurements.views.dictionary import Dictionary, latents_at
from neuronclaims.measurements.views.dictionary_folder import read_dictionary
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.sentences.subjects.latents import NamedDictionary
from neuronclaims.sites import site_names

_HOOK = re.compile(r"blocks\.([0-9]{1,6})\.(?:hook_)?([a-z_.]+)")
_SITES: Mapping[str, tuple[str, ...]] = {
    "resid_pre": ("resid_pre",),
    "resid_mid": ("resid_mid",),
    "resid_post": ("resid_post",),
    "attn_out": ("attn_out", "attn_out_normed"),
    "mlp_out": ("mlp_out", "mlp_out_normed"),
    "attn.hook_z": ("attn_z",),
    "mlp.hook_post": ("mlp_post",),
    "mlp.hook_pre": ("mlp_pre",),
}
"""The sites that a name of a hook may mean: two where TransformerLens reads behind a norm that some models have."""


def read_entry(name: str, key: Scalar, node: Node, source: SourceText) -> NamedDictionary:
    """Read one entry of ``dictionaries``. Raises ClaimFileError with what is wrong with it."""
    del key
    entry, problems = validate(Section(DictionaryEntry, f"in the dictionary {quoted(name)}"), node, source)
    if entry is None or not isinstance(node, Entries):
        raise ClaimFileError(problems)
    path = Path(os.path.normpath(Path(source.path).parent / entry.folder))
    folders = source.folders or PromptFolders.around(Path(source.path))
    if not folders.holds(path):
        message = (
            f"{quoted(entry.folder)} is not read: it leads out of the project ({folders.root}). Move the folder there, "
            "or allow it with the setting 'claims_prompt_folders' of pytest, --prompt-folder of neuronclaims, or "
            "prompt_folders of judge"
        )
        raise _problem(source, node, "folder", message)
    try:
        dictionary = read_dictionary(path)
    except (ForeignFileError, OSError) as error:
        raise _problem(source, node, "folder", str(error).rstrip(".")) from None
    place = _place(entry.at, dictionary, node, source)
    assert place.layer is not None
    site = latents_at(place.site, place.layer, replace(dictionary, name=name))
    return NamedDictionary(name, place.layer, dictionary.latents, site)


def _place(at: str | None, dictionary: Dictionary, node: Entries, source: SourceText) -> AtPlace:
    """Return the site and layer that a dictionary reads, as ``at`` or its own settings say."""
    hook = _HOOK.fullmatch(dictionary.hook)
    sites = _SITES.get(hook[2], ()) if hook else ()
    if at is None:
        if hook is None or len(sites) != 1:
            said = f"says {quoted(dictionary.hook)}" if dictionary.hook else "does not say"
            raise _problem(
                source,
                node,
                "folder",
                f"which site does it read? Its cfg.json {said}: add 'at: resid_post 8'",
            )
        return AtPlace(sites[0], int(hook[1]))
    place = place_of(at)
    if place is None:
        near = closest(at.split(" ")[0], site_names())
        message = f"{quoted(at.split(' ')[0])} is not a site"
        raise _problem(source, node, "at", message, near and " ".join([near, *at.split()[1:]]))
    if place.layer is None:
        raise _problem(
            source, node, "at", "a dictionary reads one layer: write it as well", f"{place.site} 8"
        )
    if hook is not None and sites and (place.site not in sites or place.layer != int(hook[1])):
        message = f"its cfg.json says {quoted(dictionary.hook)}, which is not {quoted(at)}"
        raise _problem(source, node, "at", message, f"{sites[0]} {hook[1]}")
    return place


def _problem(
    source: SourceText, node: Entries, key: str, message: str, near: str | None = None
) -> ClaimFileError:
    value = node.get(key)
    if not isinstance(value, Scalar):
        return ClaimFileError([source.problem(node.start, message, suggestion=near)])
    width = value.end - value.start
    return ClaimFileError([source.problem(value.start, message, width=width, suggestion=near)])
