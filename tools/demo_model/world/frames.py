"""Frames: sentence templates with slots, each belonging to exactly one split, and how they are filled.

The frame files hold sections ``[topic split]`` with one template a line. ``{slot}`` is filled from a record or a
word list, ``{a:slot}`` puts the right article before it, ``{slot:cap}`` begins with a capital, ``{slot2}`` is a
second, different draw, and ``[one|two]`` is a free choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Final, Literal, NamedTuple

from demo_model.world.tables import Record, plural_of, table, with_article, words

Split = Literal["train", "discovery", "heldout"]
SPLITS: Final[tuple[Split, ...]] = ("train", "discovery", "heldout")

_FOLDER: Final = Path(__file__).parent / "frames"
_SECTION: Final = re.compile(r"\[(?P<topic>\w+) (?P<split>train|discovery|heldout)\]")
_CHOICE: Final = re.compile(r"\[([^\]]*)\]")
_SLOT: Final = re.compile(r"\{(a:)?(\w+)(:cap)?\}")
_TABLE_OF: Final = {
    column: name
    for name in ("places", "flowers", "fruits", "animals")
    for column in table(name)[0]
    if column not in ("season", "colour", "plural")
}


class Slot(NamedTuple):
    """A place in a template that a word goes into."""

    name: str
    article: bool
    capital: bool


Parts = tuple[str | Slot, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One template; ``name`` is unique and says file, topic, split and number."""

    name: str
    topic: str
    split: Split
    template: str


@cache
def frames(topic: str, split: Split) -> tuple[Frame, ...]:
    """Return the frames of a topic such as ``places.city`` or ``statements.capital`` in one split.

    Raises ``KeyError`` when the world has no such frames.
    """
    found = tuple(frame for frame in all_frames() if (frame.topic, frame.split) == (topic, split))
    if not found:
        raise KeyError(f"no frames of topic {topic!r} in split {split!r}")
    return found


@lru_cache(maxsize=1)
def all_frames() -> tuple[Frame, ...]:
    """Return every frame of the world, in the order of the files."""
    return tuple(frame for path in sorted(_FOLDER.glob("*.txt")) for frame in _read(path))


def fill(frame: Frame, rng: Random, record: Record | None = None) -> str:
    """Fill every slot of a frame, from the record where it has the slot and from the world where it has not."""
    values = Values(rng, record or {})
    return "".join(values.text(part) for part in rng.choice(variants(frame.template)))


def fill_until(frame: Frame, slot: str, rng: Random, record: Record | None = None) -> tuple[str, str]:
    """Fill a frame and cut it before the last ``slot``: the prompt (no space at its end) and what comes next."""
    values = Values(rng, record or {})
    parts = rng.choice(variants(frame.template))
    where = max(i for i, part in enumerate(parts) if isinstance(part, Slot) and part.name == slot)
    texts = [values.text(part) for part in parts]
    prompt = "".join(texts[:where])
    return prompt.rstrip(), prompt[len(prompt.rstrip()) :] + "".join(texts[where:])


def is_held_back(sentence: str) -> bool:
    """Return whether a sentence could have been written from a frame of the discovery or the held-out split."""
    return _held_back().fullmatch(sentence) is not None


@cache
def variants(template: str) -> tuple[Parts, ...]:
    """Return the template once for every combination of its free choices, cut into literals and slots."""
    pieces = [
        tuple(piece.split("|")) if i % 2 else (piece,) for i, piece in enumerate(_CHOICE.split(template))
    ]
    return tuple(tuple(_cut("".join(chosen))) for chosen in product(*pieces))


class Values:
    """What the slots of one filled sentence hold; drawn when first asked for, the same ever after."""

    def __init__(self, rng: Random, record: Record) -> None:
        self._rng = rng
        self._held: dict[str, str] = dict(record)

    def text(self, part: str | Slot) -> str:
        """Return a literal as it is and a slot as its word, with article and capital as asked."""
        if isinstance(part, str):
            return part
        value = self._value(part.name)
        value = with_article(value) if part.article else value
        return value[0].upper() + value[1:] if part.capital else value

    def _value(self, name: str) -> str:
        if name not in self._held:
            self._draw(name)
        return self._held[name]

    def _draw(self, name: str) -> None:
        if name in words():
            self._held[name] = self._expanded(self._rng.choice(words()[name]))
        elif name in _TABLE_OF:
            row = self._rng.choice(table(_TABLE_OF[name]))
            self._held.update({column: row[column] for column in row if column not in self._held})
        elif name.endswith("2"):
            self._held[name] = self._expanded(self._second(name[:-1]))
        elif name.endswith("s") and name[:-1] in words():
            self._held[name] = plural_of(self._rng.choice(words()[name[:-1]]))
        else:
            raise KeyError(f"nothing to fill the slot {name!r} with")

    def _expanded(self, phrase: str) -> str:
        return "".join(self.text(part) for part in variants(phrase)[0])

    def _second(self, name: str) -> str:
        entries = words().get(name) or tuple(row[name] for row in table(_TABLE_OF[name]))
        return self._rng.choice([entry for entry in entries if entry != self._value(name)])


@lru_cache(maxsize=1)
def _held_back() -> re.Pattern[str]:
    patterns = (
        _pattern(parts)
        for frame in all_frames()
        if frame.split != "train" and not frame.topic.startswith("judgements.")
        for parts in variants(frame.template)
    )
    return re.compile("|".join(patterns))


def _pattern(parts: Parts) -> str:
    return "".join(re.escape(part) if isinstance(part, str) else r"[\w ]+" for part in parts)


def _read(path: Path) -> Iterator[Frame]:
    topic, split, number = "", "", 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if header := _SECTION.fullmatch(line):
            topic, split, number = f"{path.stem}.{header['topic']}", header["split"], 0
        elif line and not line.startswith("#"):
            number += 1
            yield Frame(f"{topic}.{split}.{number:02d}", topic, _as_split(split), line)


def _as_split(text: str) -> Split:
    return next(split for split in SPLITS if split == text)


def _cut(template: str) -> Iterator[str | Slot]:
    end = 0
    for match in _SLOT.finditer(template):
        if match.start() > end:
            yield template[end : match.start()]
        yield Slot(match[2], match[1] is not None, match[3] is not None)
        end = match.end()
    if end < len(template):
        yield template[end:]
