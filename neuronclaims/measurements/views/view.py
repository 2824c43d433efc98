"""Viewed sites: latents, heads and directions, read from the values at a site and written back into them.

A viewed site is named like any other site, so all that takes a site takes it: pooled activations, ablations,
restorations, sweeps, reference texts. Nothing here needs torch; what reads and writes is named by its worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.sites import Site, printed

if TYPE_CHECKING:
    from neuronclaims.measurements.facts import ModelFacts


class View(Protocol):
    """How the numbers of a viewed site are made from those of its base site: frozen data.

    ``str(view)`` is its lasting name in the cache, so it holds all that its numbers depend on besides the model and the
    base site: the hash of a file's content, not its path.
    """

    worker: ClassVar[str]
    """What makes its ``RunningView``, as "module:function" of (a ready model, the view, a layer)."""

    noun: ClassVar[str]
    """What one of its numbers belongs to, such as "latent", "head" or "direction".

    A view that cannot be written has a ``read_only``, the reason in words.
    """

    @property
    def words(self) -> str:
        """What it is and where it is read, for people: "heads of attn_z", "direction honesty at resid_post 3"."""
        ...

    def number_words(self, layer: int, index: int) -> str:
        """Return what one of its numbers is, for people: "head 3:1", "latent 25 of resid_post 3"."""
        ...

    @property
    def layer(self) -> int | None:
        """The one layer that it is of; None where it is of every layer that has the base site."""
        ...

    @property
    def smooth(self) -> bool:
        """Whether a small change of the values changes its numbers little; not so where only the largest count."""
        ...

    def width(self, facts: ModelFacts) -> int:
        """Return how many numbers a token has."""
        ...

    def check(self, facts: ModelFacts) -> None:
        """Raise MeasurementError where it does not fit a model that has the base site."""
        ...


class ViewedSite(str):
    """A site whose values are made from those of another, its ``base``, by a ``view``.

    It is a text, its lasting name, and so equal to any other of the same base and name.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class FirstHalf:
    ...     worker = "halves:first"
    ...     noun = "half"
    ...     words = "first half of resid_post"
    ...     def number_words(self, layer, index): return f"half {layer}:{index}"
    ...     layer = 8
    ...     smooth = True
    ...     def __str__(self): return "first half"
    ...     def width(self, facts): return facts.width_of("resid_post") // 2
    ...     def check(self, facts): pass
    >>> site = ViewedSite("resid_post", FirstHalf())
    >>> site, site.base, site.layer, site.words
    ('resid_post>first half', 'resid_post', 8, 'first half of resid_post')
    """

    __slots__ = ("base", "view")

    base: Site
    view: View

    def __new__(cls, base: Site, view: View) -> ViewedSite:
        """Name the site by its base and its view."""
        if isinstance(base, ViewedSite):
            raise ValueError(f"a view is of a site of a model, not of {base}")
        made = super().__new__(cls, f"{base}>{view}")
        made.base, made.view = base, view
        return made

    def __getnewargs__(self) -> tuple[Site, View]:  # type: ignore[override]
        """Let copies keep what the text alone does not say."""
        return self.base, self.view

    @property
    def layer(self) -> int | None:
        """The one layer that it is of; None where it is of every layer that has the base."""
        return self.view.layer

    @property
    def words(self) -> str:
        """What is read and where, for people; never part of a name in the cache."""
        return self.view.words


def base_of(site: Site) -> Site:
    """Return the site of the model that a site is read from: its base, or itself.

    >>> base_of("resid_post")
    'resid_post'
    """
    return site.base if isinstance(site, ViewedSite) else site


def noun_of(site: Site) -> str:
    """Return what one of the numbers at a site belongs to: a neuron or, at a viewed site, what its view says.

    >>> noun_of("mlp_post")
    'neuron'
    """
    return site.view.noun if isinstance(site, ViewedSite) else "neuron"


def titled(site: Site, layer: int, index: int) -> str:
    """Return how reports call a neuron of a site, or a number of a viewed one, for people alone.

    >>> titled("mlp_post", 3, 17)
    'mlp_post 3:17'
    """
    if isinstance(site, ViewedSite):
        return site.view.number_words(layer, index)
    return f"{site} {layer}:{index}"


def is_smooth(site: Site) -> bool:
    """Return whether rounding moves the numbers at a site a little only; so it does at all sites of a model.

    >>> is_smooth("mlp_post")
    True
    """
    return not isinstance(site, ViewedSite) or site.view.smooth


def check_writable(site: Site) -> None:
    """Raise MeasurementError for a viewed site whose view says why it is ``read_only``.

    >>> check_writable("mlp_post")
    """
    why = getattr(site.view, "read_only", "") if isinstance(site, ViewedSite) else ""
    if why:
        raise MeasurementError(f"Nothing can be changed at {printed(site)}: {why}.")
