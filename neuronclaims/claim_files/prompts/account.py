"""Make the account of a prompt set when it is read: rows taken, what its texts share, which cells are odd."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from neuronclaims.claim_files.claims import Prompt, PromptPair
from neuronclaims.claim_files.prompts.frames import Likenesses, likenesses
from neuronclaims.claim_files.prompts.sameness import INVISIBLE, content, label_likeness
from neuronclaims.prompts import PromptInput, is_plain
from neuronclaims.prompts.markup import FIRST, markup_in, parts
from neuronclaims.sentences.messages import closest, quoted
from neuronclaims.set_accounts import MOST_VALUES, ColumnTaken, Counts, RowsTaken, SetAccount

NOTHING = frozenset({"nan", "none", "null", "na", "n/a", "<na>", "#n/a", "nat", "undefined", "-nan"})
"""What programs write into a cell that holds nothing, without capitals."""

_MISREAD = re.compile(
    "[\u00c2-\u00f4][\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]+"
)
"""What UTF-8 looks like that was read as Latin-1 or as Windows-1252: ``Ã©`` for ``é``."""

_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?")


def account_of(name: str, prompts: Sequence[Prompt], taken: RowsTaken | None = None) -> SetAccount:
    """Return the account of a prompt set."""
    texts = [prompt.text for prompt in prompts]
    labels = {key: [getattr(prompt, key) for prompt in prompts] for key in ("group", "pair", "block")}
    return _account(name, texts, labels, taken, _begin_and_end(texts), likenesses(texts))


def account_of_pairs(name: str, pairs: Sequence[PromptPair], taken: RowsTaken | None = None) -> SetAccount:
    """Return the account of pairs: frames and near copies of their clean texts, all else of both texts."""
    clean, corrupted = [pair.clean for pair in pairs], [pair.corrupted for pair in pairs]
    found = likenesses(clean)
    same = {**likenesses(corrupted).same_words, **found.same_words}
    edges = _edges_of_pairs(clean, corrupted)
    shared = Likenesses(
        found.frames, same, {place: first for place, first in found.near_copies.items() if place not in same}
    )
    return _account(name, clean, {"group": [pair.group for pair in pairs]}, taken, edges, shared, corrupted)


def _account(
    name: str,
    texts: Sequence[str],
    labels: Mapping[str, Sequence[str | None]],
    taken: RowsTaken | None,
    edges: tuple[int, int],
    shared: Likenesses,
    more: Sequence[str] = (),
) -> SetAccount:
    def together(*places: int) -> bool:
        """Say whether some prompts share a group or a block."""
        told = [{labels[key][place] for place in places} for key in ("group", "block") if key in labels]
        return any(len(values) == 1 and None not in values for values in told)

    apart = [place for place, first in shared.same_words.items() if not together(place, first)]
    return SetAccount(
        name=name,
        prompts=len(texts),
        taken=taken,
        begin=edges[0],
        end=edges[1],
        same_words=len(apart),
        near_copies=len(shared.near_copies),
        frames=tuple(frame for frame, _ in shared.frames),
        units=_units(labels["group"], ()),
        units_with_frames=_units(
            labels["group"], [places for _, places in shared.frames if not together(*places)]
        ),
        odd=tuple(_odd([*texts, *more], labels)),
    )


def _units(groups: Sequence[str | None], frames: Iterable[Sequence[int]]) -> int:
    """Return how many units there are: groups, or prompts without one, joined where they share a frame."""
    unit: dict[object, object] = {}

    def top(node: object) -> object:
        while unit.setdefault(node, node) != node:
            node = unit[node]
        return node

    own = [place if group is None else group for place, group in enumerate(groups)]
    for places in frames:
        for place in places[1:]:
            unit[top(own[place])] = top(own[places[0]])
    return len({top(node) for node in own})


def _begin_and_end(texts: Sequence[str]) -> tuple[int, int]:
    """Count the texts that begin and that end with white space, whatever invisible characters are beside it.

    Of a chat only the prefill stands at an edge.
    """
    edges = (text if is_plain(text) else PromptInput.of(text).prefill or "" for text in texts)
    seen = [INVISIBLE.sub("", text) for text in edges]
    return sum(text[:1].isspace() for text in seen), sum(text[-1:].isspace() for text in seen)


def _edges_of_pairs(clean: Sequence[str], corrupted: Sequence[str]) -> tuple[int, int]:
    both = [_begin_and_end(pair) for pair in zip(clean, corrupted, strict=True)]
    return sum(begin > 0 for begin, _ in both), sum(end > 0 for _, end in both)


def _odd(texts: Sequence[str], labels: Mapping[str, Sequence[str | None]]) -> Iterator[str]:
    """Yield a sentence for each sort of cell that is probably not what its writer meant."""
    plain = any(map(is_plain, texts))
    texts = [part for text in texts for part in parts(text)]
    found = [text for text in texts if content(text).casefold() in NOTHING]
    if found:
        yield f"{_count(found, 'text')} {_is(found)} {quoted(found[0])}, as programs write for nothing"
    numbers = [text for text in texts if _NUMBER.fullmatch(content(text))]
    if 0 < len(numbers) < len(texts):
        yield f"{_count(numbers, 'text')} {_is(numbers)} a number, such as {quoted(numbers[0])}"
    typed = [match[1] for text in texts if (match := FIRST.match(text))]
    if typed:
        many = f"{_count(typed, 'text')} {'begins' if len(typed) == 1 else 'begin'}"
        yield f"{many} with {quoted(typed[0])}, which is there twice if the tokenizer adds it too"
    marked = [mark for text in texts if not FIRST.match(text) and (mark := markup_in(text))]
    if marked:
        instead = "take it out, or write 'messages' where a chat is meant"
        yield (
            f"{_count(marked, 'text')} {'holds' if len(marked) == 1 else 'hold'} {quoted(marked[0])}, markup of a chat "
            f"template: a model without such a token reads it piece by piece; {instead if plain else 'take it out'}"
        )
    misread = [pair for text in texts if (pair := _misread(text))]
    if misread:
        wrong, right = misread[0]
        yield f"{_count(misread, 'text')} may have been decoded wrongly: {quoted(wrong)} for {quoted(right)}"
    for key, values in labels.items():
        given = [value for value in values if value is not None]
        nothing = [value for value in given if value.casefold() in NOTHING]
        if nothing:
            yield f"{_count(nothing, 'text')} {'has' if len(nothing) == 1 else 'have'} the {key} {quoted(nothing[0])}"
        if alike := _alike(given):
            yield f"the {key}s {quoted(alike[0])} and {quoted(alike[1])} look alike and count as two"


def _misread(text: str) -> tuple[str, str] | None:
    """Return the first characters that are UTF-8 read wrongly, and what they probably were."""
    for match in _MISREAD.finditer(text):
        for encoding in ("cp1252", "latin-1"):
            try:
                return match[0], match[0].encode(encoding).decode("utf-8")
            except UnicodeError:
                continue
    return None


def _alike(values: Sequence[str]) -> tuple[str, str] | None:
    """Return the first two different labels that look alike."""
    first: dict[str, str] = {}
    for value in dict.fromkeys(values):
        earlier = first.setdefault(label_likeness(value), value)
        if earlier != value:
            return earlier, value
    return None


def column_taken(column: str, counted: Counter[str], without: int, wanted: Sequence[str]) -> ColumnTaken:
    """Return what a column of ``where`` took of the rows of a file, by how many have each value, and what it left."""
    own, likely = set(map(content, wanted)), set(map(label_likeness, wanted))
    left = [(value, count) for value, count in counted.most_common() if content(value) not in own]
    alike = [(value, count) for value, count in left if label_likeness(value) in likely]
    named = [*alike, *(each for each in left if each not in alike)][:MOST_VALUES]
    return ColumnTaken(
        column,
        tuple((value, count) for value, count in counted.most_common() if content(value) in own),
        _by_count(named),
        tuple(alike),
        sum(count for _, count in left) - sum(count for _, count in named),
        without,
    )


def _by_count(counts: Sequence[tuple[str, int]]) -> Counts:
    return tuple(sorted(counts, key=lambda each: (-each[1], each[0])))


def likely_values(columns: Sequence[ColumnTaken], where: Mapping[str, Sequence[str]]) -> str | None:
    """Return what was probably meant where ``where`` takes no row: the first value of a file close to one asked for."""
    for column in columns:
        if column.alike:
            return f"{column.column}: {column.alike[0][0]}"
        near = [
            found
            for value in where[column.column]
            if (found := closest(value, [left for left, _ in column.left]))
        ]
        if not column.taken and near:
            return f"{column.column}: {near[0]}"
    return None


def _count(found: Sequence[object], noun: str) -> str:
    return f"{len(found):,} {noun}{'' if len(found) == 1 else 's'}"


def _is(found: Sequence[object]) -> str:
    return "is" if len(found) == 1 else "are"
