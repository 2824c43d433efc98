"""The gallery: claim files about findings that others published, a file each, with the prompts that they name.

They lie beside this file in an installed package, and in ``claims/published`` in a clone of the repository.
"""

from __future__ import annotations

from pathlib import Path

from neuronclaims.errors import NeuronClaimsError
from neuronclaims.sentences.messages import closest

SUFFIX = ".claims.yaml"
_HERE = Path(__file__).parent
PLACES = (_HERE / "files", _HERE.parents[1] / "claims" / "published")
"""Where the files may be: in an installed package, in a clone of the repository."""


class GalleryError(NeuronClaimsError):
    """An entry that there is not, or a gallery that cannot be found; the message says what to do."""


def gallery_folder() -> Path:
    """Return the folder of the gallery. Raises GalleryError where there is none."""
    for place in PLACES:
        if (place / "prompts").is_dir():
            return place
    raise GalleryError("The gallery is not in this installation: install neuronclaims anew.")


def gallery_entries(folder: Path | None = None) -> dict[str, Path]:
    """Return the claim files of the gallery by the names of its entries, in their order.

    >>> gallery_entries()["german-neuron-pythia-70m"].name
    'german-neuron-pythia-70m.claims.yaml'
    """
    found = (folder or gallery_folder()).rglob(f"*{SUFFIX}")
    return dict(sorted((path.name.removesuffix(SUFFIX), path) for path in found))


def gallery_entry(name: str, folder: Path | None = None) -> Path:
    """Return the claim file of an entry. Raises GalleryError, naming what may be meant, where there is none."""
    entries = gallery_entries(folder)
    if name in entries:
        return entries[name]
    near = closest(name, entries) or next((each for each in entries if name and name.lower() in each), None)
    hint = f"Did you mean {near!r}?" if near else "'neuronclaims reproduce' lists them."
    raise GalleryError(f"The gallery has no entry {name!r}. {hint}")
