"""Latents of a sparse dictionary: what is known of one without its weights, and the view through it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.sites import Site

if TYPE_CHECKING:
    from neuronclaims.measurements.facts import ModelFacts

Activation: TypeAlias = Literal["relu", "jump relu", "top k"]
Normalisation: TypeAlias = Literal["none", "layer_norm", "constant_norm_rescale"]


@dataclass(frozen=True, slots=True)
class Dictionary:
    """A sparse dictionary in a file: how a token's values become latents, and which sizes it has.

    With x the ``width`` values of a token, a latent is a(x W_enc + b_enc), where x is first ``normalised`` and b_dec is
    taken away from it where ``less_bias``. a is max(0, .) for "relu"; for "jump relu" the same where the number is
    above the latent's threshold, else 0 (Rajamanoharan et al. 2024); for "top k" the same of the ``k`` largest of a
    token (Gao et al. 2024). Where ``by_norm``, numbers are first multiplied by the length of the latent's row of W_dec.
    ``digest`` is the SHA-256 of the weights and of these settings. ``writes`` says where a transcoder writes, which
    therefore is only read. ``name`` is what a claim file calls it, for reports alone.
    """

    path: Path = field(compare=False)
    digest: str
    width: int
    latents: int
    activation: Activation
    k: int | None = None
    less_bias: bool = True
    normalised: Normalisation = "none"
    by_norm: bool = False
    hook: str = ""
    writes: str = ""
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Latents:
    """The latents of a dictionary at one layer, read from the values at ``base``.

    Changed latents are written back as the difference they make: values + (after - before) W_dec. So what the
    dictionary does not reconstruct stays as it was.

    >>> sae = Dictionary(Path("sae"), "0123456789abcdef" * 4, width=128, latents=256, activation="top k", k=8)
    >>> latents_at("resid_post", 3, sae)
    'resid_post>latents 3:0123456789abcdef01234567'
    """

    base: Site
    layer: int
    dictionary: Dictionary
    worker: ClassVar[str] = "neuronclaims.models.running.views.latents:running"
    noun: ClassVar[str] = "latent"

    def __str__(self) -> str:
        return f"latents {self.layer}:{self.dictionary.digest[:24]}"

    @property
    def words(self) -> str:
        """Return what they are, for people."""
        return f"latents of {self.dictionary.name or 'a dictionary'} at {self.base} {self.layer}"

    def number_words(self, layer: int, index: int) -> str:
        """Return the latent and where it is read."""
        return f"latent {index} of {self.base} {layer}"

    @property
    def smooth(self) -> bool:
        """Whether no number jumps; those of a jump relu do at its threshold, of a top k where another takes over."""
        return self.dictionary.activation == "relu"

    @property
    def read_only(self) -> str:
        """Why latents cannot be changed; nothing where they can."""
        if not self.dictionary.writes:
            return ""
        return (
            f"this dictionary is a transcoder: it reads at {self.dictionary.hook or self.base} and writes at "
            f"{self.dictionary.writes}, so its latents are read only"
        )

    def width(self, facts: ModelFacts) -> int:
        """Return the number of latents."""
        del facts
        return self.dictionary.latents

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where the dictionary reads another number of values than the model has."""
        there = facts.widths[self.base]
        if there != self.dictionary.width:
            raise MeasurementError(
                f"The dictionary in {self.dictionary.path} reads {self.dictionary.width:,} values of each token, but "
                f"{facts.name} has {there:,} at {self.base}: it was made for another model or another site."
            )


def latents_at(base: Site, layer: int, dictionary: Dictionary) -> ViewedSite:
    """Return the site of a dictionary's latents."""
    return ViewedSite(base, Latents(base, layer, dictionary))
