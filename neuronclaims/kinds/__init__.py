"""The kinds of claim: a small package for each family of kinds, what a kind is, and the list of all kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from neuronclaims.lazy import attach

if TYPE_CHECKING:
    from neuronclaims.kinds.kind import Attainable as Attainable
    from neuronclaims.kinds.kind import ClaimError as ClaimError
    from neuronclaims.kinds.kind import Family as Family
    from neuronclaims.kinds.kind import Finding as Finding
    from neuronclaims.kinds.kind import Kind as Kind
    from neuronclaims.kinds.kind import Sample as Sample
    from neuronclaims.kinds.kind import Statement as Statement
    from neuronclaims.kinds.registry import columns_read as columns_read
    from neuronclaims.kinds.registry import kind_of as kind_of
    from neuronclaims.kinds.registry import kinds as kinds
    from neuronclaims.kinds.registry import templates as templates

__getattr__, __dir__ = attach(__name__)
