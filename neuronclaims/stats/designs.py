"""The design of a test: whether prompts, groups, or members of pairs are exchanged between two sets.

Prompts that share a template, document or question are not independent, so the unit is the coarsest one
declared. A group that lies wholly in one set is one unit of that set; groups (or pair ids) found in both
sets make the design paired, and each gives one difference. Values are averaged within a unit and set first,
so units weigh equally.

Units may lie in blocks (a template, a source, an author): they are then exchanged only within their block.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from neuronclaims.stats.inputs import Alternative, Floats, StatsError, check_choice, matrix, sides

Labels: TypeAlias = Sequence["str | None"]
Rows: TypeAlias = tuple[tuple[int, ...], ...]
Members: TypeAlias = dict[str, list[int]]
Unit: TypeAlias = Literal["prompt", "group", "pair", "document", "clean text", "token", "neuron"]
"""What may be exchanged or counted: a key, which sentences print as the noun it is."""


@dataclass(frozen=True, slots=True)
class TwoSampleDesign:
    """The design of a comparison of two sets: which units a test exchanges.

    ``unit`` is what is exchanged. ``paired`` says whether each unit has a value in both sets.
    ``first_rows`` and ``second_rows`` list, per unit, the prompts (by place in their set) that are
    averaged. ``left_out`` counts the prompts of each set that take no part because their group, pair or
    block is missing from the other set. ``blocks``, unless None, gives the block number of every unit of
    the first and of the second set; labels are exchanged within blocks only.

    >>> groups = TwoSampleDesign("group", False, ((0, 2), (1,)), ((0,), (1, 2)), (0, 0))
    >>> groups.counts, groups.arrangements
    ((2, 2), 6)
    """

    unit: Unit
    paired: bool
    first_rows: Rows
    second_rows: Rows
    left_out: tuple[int, int]
    blocks: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    @property
    def counts(self) -> tuple[int, int]:
        """The number of units in the first and in the second set; the same number twice when paired."""
        return len(self.first_rows), len(self.second_rows)

    @property
    def prompts(self) -> int:
        """How many prompts the units of a set average, in the set with fewer."""
        return min(sum(map(len, rows)) for rows in (self.first_rows, self.second_rows))

    @property
    def arrangements(self) -> int:
        """How many ways there are to exchange labels: C(n1 + n2, n1), their product over blocks, or 2^n for pairs."""
        if self.blocks is not None:
            ones, twos = (Counter(numbers) for numbers in self.blocks)
            return math.prod(math.comb(ones[block] + twos[block], ones[block]) for block in ones)
        n1, n2 = self.counts
        return 1 << n1 if self.paired else math.comb(n1 + n2, n1)

    def smallest_p(self, alternative: Alternative) -> float:
        """Return the least p-value any data can reach in this design when all arrangements count."""
        check_choice(alternative, ("greater", "less", "two-sided"), "alternative")
        return min(1.0, sides(alternative) / self.arrangements)

    def units(self, first_values: ArrayLike, second_values: ArrayLike) -> tuple[Floats, Floats]:
        """Average prompt values within units: [prompts, m] per set in, float64 [units, m] per set out.

        Rows of the two results match one to one when the design is paired. Raises StatsError for NaN or
        infinity.
        """
        a, b = matrix(first_values, "The first set"), matrix(second_values, "The second set")
        return _averages(a, self.first_rows), _averages(b, self.second_rows)


def two_sample_design(
    first_groups: Labels,
    second_groups: Labels,
    first_pairs: Labels | None = None,
    second_pairs: Labels | None = None,
    first_blocks: Labels | None = None,
    second_blocks: Labels | None = None,
) -> TwoSampleDesign:
    """Decide what a test exchanges between two sets, from each prompt's group, pair id and block (or None).

    Neither groups nor pairs: prompts. Pairs: each pair; groups of pairs, when groups are given too. Groups
    that lie in one set each: groups. Groups found in both sets: paired groups. Blocks: prompts or groups as
    before, but exchanged only within their block; blocks with prompts of one set only take no part.

    Raises StatsError when only some prompts have a group, pair id or block, when a pair id occurs twice in
    a set or joins two groups, when a group lies in two blocks, when blocks come with pairs or with groups
    found in both sets, and when fewer than two units remain in a set.

    >>> design = two_sample_design([None] * 3, [None] * 2)
    >>> design.unit, design.counts, design.arrangements
    ('prompt', (3, 2), 10)
    """
    sizes = len(first_groups), len(second_groups)
    groups = _complete("group", first_groups, second_groups)
    pairs = _complete("pair id", first_pairs or (), second_pairs or ())
    blocks = _complete("block", first_blocks or (), second_blocks or ())
    if blocks:
        return _within_blocks(groups, pairs, blocks, sizes)
    if pairs:
        _check_pairs(pairs, sizes)
        if groups:
            return _matched("group", *_groups_of_pairs(groups, pairs), sizes)
        return _matched("pair", _members(pairs[0]), _members(pairs[1]), sizes)
    if groups:
        first, second = _members(groups[0]), _members(groups[1])
        if first.keys() & second.keys():
            return _matched("group", first, second, sizes)
        return _checked("group", False, _rows(first, first), _rows(second, second), sizes)
    first_rows, second_rows = (tuple((row,) for row in range(size)) for size in sizes)
    return _checked("prompt", False, first_rows, second_rows, sizes)


def _complete(what: str, first: Labels, second: Labels) -> tuple[list[str], list[str]] | None:
    """Return the labels of both sets if all prompts have one, None if none has; refuse any mixture."""
    named = [[label for label in labels if label is not None] for labels in (first, second)]
    if not named[0] and not named[1]:
        return None
    if len(named[0]) == len(first) and len(named[1]) == len(second) and named[0] and named[1]:
        return named[0], named[1]
    raise StatsError(
        f"Some prompts have a {what} and others have none ({len(named[0])} of {len(first)} in the first set, "
        f"{len(named[1])} of {len(second)} in the second). Give every prompt of both sets a {what}, or none."
    )


def _within_blocks(
    groups: tuple[list[str], list[str]] | None,
    pairs: tuple[list[str], list[str]] | None,
    blocks: tuple[list[str], list[str]],
    sizes: tuple[int, int],
) -> TwoSampleDesign:
    if (len(blocks[0]), len(blocks[1])) != sizes:
        raise StatsError(
            f"There are {len(blocks[0])} and {len(blocks[1])} blocks for {sizes[0]} and {sizes[1]} prompts."
        )
    if pairs or (groups and set(groups[0]) & set(groups[1])):
        what = "Pairs" if pairs else "Groups found in both sets"
        raise StatsError(
            f"{what} already compare like with like; leave out the blocks, or give blocks alone."
        )
    members = [_members(names) for names in groups or (list(map(str, range(size))) for size in sizes)]
    home = [
        {name: _block_of(name, rows, labels) for name, rows in units.items()}
        for units, labels in zip(members, blocks, strict=True)
    ]
    shared = sorted(set(home[0].values()) & set(home[1].values()))
    if not shared:
        raise StatsError("No block has prompts of both sets, so nothing can be compared within blocks.")
    number = {label: place for place, label in enumerate(shared)}
    kept = [[name for name in units if home[side][name] in number] for side, units in enumerate(members)]
    if groups:
        kept = [sorted(names) for names in kept]
    first, second = (tuple(tuple(members[side][name]) for name in kept[side]) for side in (0, 1))
    design = _checked("group" if groups else "prompt", False, first, second, sizes)
    ones, twos = (tuple(number[home[side][name]] for name in kept[side]) for side in (0, 1))
    return replace(design, blocks=(ones, twos))


def _block_of(name: str, rows: Sequence[int], labels: Sequence[str]) -> str:
    found = sorted({labels[row] for row in rows})
    if len(found) > 1:
        raise StatsError(
            f"The group {name!r} lies in the blocks {found[0]!r} and {found[1]!r}; a group belongs to one block."
        )
    return found[0]


def _check_pairs(pairs: tuple[list[str], list[str]], sizes: tuple[int, int]) -> None:
    for place, labels, size in zip(("first", "second"), pairs, sizes, strict=True):
        if len(labels) != size:
            raise StatsError(f"There are {len(labels)} pair ids for {size} prompts in the {place} set.")
        label, times = Counter(labels).most_common(1)[0]
        if times > 1:
            raise StatsError(
                f"The pair id {label!r} occurs {times} times in the {place} set; a pair has one prompt in "
                "each set. If several prompts belong together, give them a group instead."
            )


def _groups_of_pairs(
    groups: tuple[list[str], list[str]], pairs: tuple[list[str], list[str]]
) -> tuple[Members, Members]:
    """Return per set the prompts of each group whose pair is complete."""
    group_of = [dict(zip(ids, names, strict=True)) for ids, names in zip(pairs, groups, strict=True)]
    shared = sorted(group_of[0].keys() & group_of[1].keys())
    for pair in shared:
        if group_of[0][pair] != group_of[1][pair]:
            raise StatsError(
                f"The pair {pair!r} joins a prompt of group {group_of[0][pair]!r} with one of group "
                f"{group_of[1][pair]!r}; both members of a pair must be in the same group."
            )
    first, second = (
        _members(
            [group_of[0].get(pair) if pair in group_of[0] and pair in group_of[1] else None for pair in ids]
        )
        for ids in pairs
    )
    return first, second


def _matched(unit: Unit, first: Members, second: Members, sizes: tuple[int, int]) -> TwoSampleDesign:
    return _checked(unit, True, _rows(first, second), _rows(second, first), sizes)


def _checked(unit: Unit, paired: bool, first: Rows, second: Rows, sizes: tuple[int, int]) -> TwoSampleDesign:
    if paired and len(first) < 2:
        found = f"Only 1 {unit} occurs" if first else f"No {unit} occurs"
        raise StatsError(f"{found} in both sets; at least 2 are needed to compare the sets within {unit}s.")
    for place, rows in (("first", first), ("second", second)):
        if len(rows) < 2:
            count = f"{len(rows)} {unit}{'' if len(rows) == 1 else 's'}"
            raise StatsError(f"The {place} set has {count}; it needs at least 2.")
    used = (sum(map(len, first)), sum(map(len, second)))
    return TwoSampleDesign(unit, paired, first, second, (sizes[0] - used[0], sizes[1] - used[1]))


def _members(labels: Labels) -> Members:
    members: Members = {}
    for row, label in enumerate(labels):
        if label is not None:
            members.setdefault(label, []).append(row)
    return members


def _rows(members: Members, wanted: Members) -> Rows:
    return tuple(tuple(members[name]) for name in sorted(members) if name in wanted)


def _averages(values: Floats, rows: Rows) -> Floats:
    needed = 1 + max(map(max, rows))
    if len(values) < needed:
        raise StatsError(
            f"The design has prompts up to number {needed}, but there are values for {len(values)}."
        )
    if all(len(unit) == 1 for unit in rows):
        places = [unit[0] for unit in rows]
        return values if places == list(range(len(values))) else values[places]
    # Sorted first, so that the order of prompts within a unit cannot change the last digit of its average.
    return np.stack([np.sort(values[list(unit)], axis=0).mean(axis=0) for unit in rows])
