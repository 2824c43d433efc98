"""Fields of sentences that name an entry of the claim file, and take from it what the name stands for.

A field such as ``every neuron of german_neurons`` is read without the file. When the file's sections are known, the
name is looked up and the field's value gets what the entry holds: its neurons, and the site where they lie. The
sentence in words keeps the name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

Bindable: TypeAlias = Mapping[str, Mapping[str, object]]
"""The entries of a claim file that could be read, by section and name."""


class Named(NamedTuple):
    """The name of an entry that a field of a sentence uses, and the section where it stands."""

    section: str
    name: str


@runtime_checkable
class BindingField(Protocol):
    """What a type of field has besides, where its values name entries of the claim file."""

    def named(self, value: Any) -> tuple[Named, ...]:
        """Return the entries that the value names."""
        ...

    def bound(self, value: Any, entries: Bindable) -> Any:
        """Return the value with what its entries hold; each name is there.

        Raises FieldError's parent, ValueError, with a sentence where an entry does not fit.
        """
        ...

    def site_of(self, value: Any) -> str | None:
        """Return the site that a bound value lies at by itself; None where the claim says it."""
        ...
