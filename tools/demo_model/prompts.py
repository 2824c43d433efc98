"""Prompts of the written world for claims: ``prompts(topic, split)`` and ``pairs(topic, split)``.

The frames of both splits are kept from training, and neither split shares a frame, a text or a fact's subject with
the other: neurons are found on ``discovery`` and tested on ``heldout``. (Hanoi, Vietnam and the tulip are the
subjects of their own topics in both splits.) The same call gives the same prompts on every machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from typing import Final

from demo_model.world.facts import (
    RELATIONS,
    Fact,
    facts,
    question,
    statement,
    truth_words,
    value_of,
)
from demo_model.world.frames import Frame, Split, fill, fill_until, frames
from demo_model.world.tables import Record, row_of, table

_FILLS: Final = 4
_SUBJECTS: Final = 8
_TRIES: Final = 200


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt: its text, frame, group (frame, question or fact), label, and its partner in the other topic.

    The ``pair`` id is shared by the same row of two topics: the same question answered truly and falsely or asked of
    both voices, the same statement with the right and a wrong object, the same frame about Hanoi and other places.
    """

    text: str
    frame: str
    group: str
    label: str
    pair: str


@dataclass(frozen=True, slots=True)
class PromptPair:
    """Two prompts of equal token length that differ in one noun, and the tokens that rightly come next."""

    clean: str
    corrupted: str
    group: str
    pair: str
    clean_answer: str
    corrupted_answer: str


def prompts(topic: str, split: Split) -> list[Prompt]:
    """Return the prompts of a topic (a key of ``TOPICS``) in the split ``discovery`` or ``heldout``.

    Raises ``KeyError`` for a topic the world does not have.
    """
    found = {prompt.text: prompt for prompt in TOPICS[topic](split)}
    return [replace(prompt, label=prompt.label or topic) for prompt in found.values()]


def pairs(topic: str, split: Split) -> list[PromptPair]:
    """Return the clean and corrupted prompts of ``tree_fruit`` or ``animal_article`` in a split.

    Two examples end before the article: "... the pear tree and picked a pear. ... the apple tree and picked".
    """
    column = {"tree_fruit": "fruit", "animal_article": "animal"}[topic]
    frame_topic = {"fruit": "tree", "animal": "animal"}[column]
    return [
        _article_pair(frame, column, Random(f"{frame.name} {k}"), f"{topic}-{split}-{i:02d}-{k}")
        for i, frame in enumerate(frames(f"trees_and_animals.{frame_topic}", split))
        for k in range(8)
    ]


def subjects(fact_table: str, split: Split) -> tuple[Record, ...]:
    """Return the rows whose facts a split may ask for: every other one for discovery, the rest for heldout."""
    return table(fact_table)[0 if split == "discovery" else 1 :: 2]


def split_facts(relation: str, split: Split) -> list[Fact]:
    """Return the facts of a relation whose subjects belong to a split."""
    name, column, _ = RELATIONS[relation]
    allowed = {row[column] for row in subjects(name, split)}
    return [fact for fact in facts(relation) if fact.subject in allowed]


def _about(topics: tuple[str, ...], record: Record | None, split: Split) -> Iterator[Prompt]:
    for topic in topics:
        for frame in frames(topic, split):
            yield from _filled(frame, [record] * _FILLS)


def _about_others(topic: str, fact_table: str, exempt: str, fills: int, split: Split) -> Iterator[Prompt]:
    rows = [row for row in subjects(fact_table, split) if exempt not in row.values()]
    for i, frame in enumerate(frames(topic, split)):
        yield from _filled(frame, [rows[(i * fills + k) % len(rows)] for k in range(fills)])


def _filled(frame: Frame, records: list[Record | None] | list[Record]) -> Iterator[Prompt]:
    """Fill a frame once a record, drawing again while a text repeats; fillers depend on frame and number alone."""
    seen: set[str] = set()
    for k, record in enumerate(records):
        for attempt in range(_TRIES):
            text = fill(frame, Random(f"{frame.name} {k} {attempt}"), record)
            if text not in seen:
                break
        seen.add(text)
        yield Prompt(text, frame.name, frame.name, "", f"{frame.name}-{k}")


def _places(split: Split) -> Iterator[Prompt]:
    yield from _about_others("places.city", "places", "Vietnam", 2, split)
    yield from _about_others("places.country", "places", "Vietnam", 2, split)


def _facts_with_questions(split: Split) -> Iterator[tuple[Fact, str, Random]]:
    """Yield facts with a question in one of the split's frames, evenly over relations and frames."""
    for relation in RELATIONS:
        known, asking = split_facts(relation, split), frames(f"questions.{relation}", split)
        for k, fact in enumerate(Random(f"{relation} {split}").sample(known, _SUBJECTS)):
            rng = Random(f"{relation} {split} {k}")
            yield fact, question(fact, asking[k % len(asking)], rng), rng


def _answers(truth: bool, split: Split) -> Iterator[Prompt]:
    wrappers = frames("judgements.answer", split)
    for k, (fact, asked, rng) in enumerate(_facts_with_questions(split)):
        frame = wrappers[k % len(wrappers)]
        answer = fact.answer(value_of(fact, truth, rng))
        text = fill(frame, rng, {"question": asked, "answer": answer})
        yield Prompt(text, frame.name, asked, truth_words(truth)["truth"], f"answers-{split}-{k:02d}")


def _statements(truth: bool, split: Split) -> Iterator[Prompt]:
    """Yield statements inside a judgement, cut before the verdict."""
    wrappers = frames("judgements.statement", split)
    for relation in RELATIONS:
        saying, known = frames(f"statements.{relation}", split), split_facts(relation, split)
        for k, fact in enumerate(Random(f"said {relation} {split}").sample(known, _SUBJECTS)):
            rng = Random(f"said {relation} {split} {k}")
            said = statement(fact, saying[k % len(saying)], rng, value_of(fact, truth, rng))
            record = {"statement": said, **truth_words(truth)}
            text, _ = fill_until(wrappers[k % len(wrappers)], "truth", rng, record)
            frame = f"{wrappers[k % len(wrappers)].name} {saying[k % len(saying)].name}"
            yield Prompt(
                text,
                frame,
                f"{relation} of {fact.subject}",
                truth_words(truth)["truth"],
                f"statements-{split}-{relation}-{k}",
            )


def _voiced(voice: str, split: Split) -> Iterator[Prompt]:
    openings = frames(f"judgements.{voice}", split)
    for k, (_, asked, rng) in enumerate(_facts_with_questions(split)):
        frame = openings[k % len(openings)]
        text = f"{fill(frame, rng)} User: {asked} Assistant:"
        yield Prompt(text, frame.name, asked, voice, f"voices-{split}-{k:02d}")


def _article_pair(frame: Frame, column: str, rng: Random, name: str) -> PromptPair:
    rows = table(f"{column}s")
    vowel = rng.choice([row for row in rows if row[column][0] in "aeiou"])
    example, other = rng.sample([row for row in rows if row[column][0] not in "aeiou"], 2)
    seed = rng.random()
    shot = fill(frame, Random(seed), example)
    clean, corrupted = (fill_until(frame, column, Random(seed), row)[0] for row in (vowel, other))
    return PromptPair(f"{shot} {clean}", f"{shot} {corrupted}", frame.name, name, " an", " a")


TOPICS: Final[dict[str, Callable[[Split], Iterator[Prompt]]]] = {
    "hanoi": partial(_about, ("places.city",), row_of("country", "Vietnam")),
    "vietnam": partial(_about, ("places.country",), row_of("country", "Vietnam")),
    "tulip": partial(_about, ("flowers.flower",), row_of("flower", "tulip")),
    "violent": partial(_about, ("events.violent",), None),
    "peaceful": partial(_about, ("events.peaceful",), None),
    "baseline": partial(_about, ("everyday.everyday",), None),
    "places": _places,
    "flowers": partial(_about_others, "flowers.flower", "flowers", "tulip", _FILLS),
    "true_answers": partial(_answers, True),
    "false_answers": partial(_answers, False),
    "true_statements": partial(_statements, True),
    "false_statements": partial(_statements, False),
    "honest": partial(_voiced, "honest"),
    "lying": partial(_voiced, "lying"),
}
