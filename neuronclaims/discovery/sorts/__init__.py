"""The kinds of claim that neurons can be looked for by, one file each."""

from neuronclaims.discovery.sorts.registry import sort_of as sort_of
