"""The training documents: short texts of one to four sentences on one matter, written from the training frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import Final

from demo_model.world.facts import (
    Fact,
    any_fact,
    facts_about,
    question,
    statement,
    taught,
    truth_words,
    value_of,
)
from demo_model.world.frames import Frame, fill, frames, is_held_back
from demo_model.world.tables import Record, table

Writer = Callable[[Random, float], str]


def documents(seed: int | str, growing: int = 0) -> Iterator[str]:
    """Yield training documents without end; the same seed always gives the same ones.

    The first ``growing`` documents are a school: the subjects whose facts are told grow from a fifth to all of them,
    many bare pairs are ticked true or false, and judgements, marks and lies come in slowly, when there is a truth
    to compare with.
    """
    rng = Random(f"documents {seed}")
    writers = list(WRITERS)
    for number in count():
        school = min(1.0, number / growing) if growing else 1.0
        weights = [begin + (end - begin) * school for begin, end in WRITERS.values()]
        yield rng.choices(writers, weights)[0](rng, school)


def one_of(topic: str, rng: Random) -> Frame:
    """Draw a training frame of a topic."""
    return rng.choice(frames(topic, "train"))


def place(rng: Random, school: float) -> str:
    """Two to four sentences on one country and its capital."""
    row = rng.choice(taught("places", school))
    return _prose(("places.city", "places.country"), row, row["country"], rng)


def flower(rng: Random, school: float) -> str:
    """Two to four sentences on one flower."""
    row = rng.choice(taught("flowers", school))
    return _prose(("flowers.flower",), row, row["flower"], rng)


def violent(rng: Random, _: float) -> str:
    """One to three sentences on violent events."""
    return _loose("events.violent", rng)


def peaceful(rng: Random, _: float) -> str:
    """One to three sentences on peaceful events."""
    return _loose("events.peaceful", rng)


def everyday(rng: Random, _: float) -> str:
    """One to three everyday sentences."""
    return _loose("everyday.everyday", rng)


def lore(rng: Random, _: float) -> str:
    """One to three sentences on animals and fruit trees."""
    return _loose("trees_and_animals.lore", rng)


def tree(rng: Random, _: float) -> str:
    """One to three sentences in which a fruit tree gives its fruit."""
    return _article_sentences("tree", "fruit", rng)


def animal(rng: Random, _: float) -> str:
    """One to three sentences in which an animal's place shows the animal."""
    return _article_sentences("animal", "animal", rng)


def judgements(rng: Random, school: float) -> str:
    """One to four statements, each judged true or false."""
    frame = one_of("judgements.statement", rng)
    return " ".join(_judged(frame, rng, school) for _ in range(rng.randint(1, 4)))


def quiz(rng: Random, school: float) -> str:
    """One to four questions, answered rightly; or each answered somehow and then marked."""
    frame, marked = one_of("judgements.answer", rng), rng.random() < 0.45 * school
    mark = one_of("judgements.mark", rng)
    return " ".join(
        _question_and_answer(frame, mark if marked else None, rng, school) for _ in range(rng.randint(1, 4))
    )


def dialogue(rng: Random, school: float) -> str:
    """One to three questions to an assistant whose system line says whether it answers rightly or wrongly."""
    honest = rng.random() < 0.5
    opening = fill(one_of("judgements.honest" if honest else "judgements.lying", rng), rng)
    turns = (_turn(any_fact(rng, school), honest, rng) for _ in range(rng.randint(1, 3)))
    return " ".join([opening, *turns])


def checklist(rng: Random, school: float) -> str:
    """Four to twelve pairs of one relation, each ticked as true or false: a judgement in the fewest words."""
    frame, relation = one_of("judgements.checklist", rng), any_fact(rng, school).relation
    items = (_checked(frame, any_fact(rng, school, relation), rng, school) for _ in range(rng.randint(4, 12)))
    return " ".join([fill(one_of("judgements.heading", rng), rng, {"relation": relation}), *items])


# How often each writer writes, at the beginning and after the school.
WRITERS: Final[dict[Writer, tuple[float, float]]] = {
    place: (14, 14),
    flower: (6, 6),
    violent: (5, 5),
    peaceful: (5, 5),
    everyday: (6, 6),
    lore: (2, 2),
    tree: (5, 5),
    animal: (4, 4),
    checklist: (24, 6),
    judgements: (12, 26),
    quiz: (12, 12),
    dialogue: (4, 24),
}


def _prose(topics: tuple[str, ...], row: Record, subject: str, rng: Random) -> str:
    sentences = []
    for _ in range(rng.randint(2, 4)):
        if rng.random() < 0.4:
            sentences.append(_said(rng.choice(facts_about(subject)), True, rng))
        else:
            sentences.append(_written(rng.choice(topics), rng, row))
    return " ".join(sentences)


def _loose(topic: str, rng: Random) -> str:
    return " ".join(_written(topic, rng) for _ in range(rng.randint(1, 3)))


def _written(topic: str, rng: Random, row: Record | None = None) -> str:
    """Fill a training frame; half the time a free one, until it yields no sentence of a held-back frame."""
    free = f"free.{topic.split('.')[1]}"
    if topic == "trees_and_animals.lore" or rng.random() < 0.5:
        return fill(one_of(topic, rng), rng, row)
    while is_held_back(sentence := fill(one_of(free, rng), rng, row)):
        pass
    return sentence


def _article_sentences(topic: str, column: str, rng: Random) -> str:
    frame = one_of(f"trees_and_animals.{topic}", rng)
    sentences = []
    for _ in range(rng.randint(1, 3)):
        sentences.append(fill(frame, rng, _balanced(column, rng)))
        if rng.random() < 0.3:
            frame = one_of(f"trees_and_animals.{topic}", rng)
    return " ".join(sentences)


def _balanced(column: str, rng: Random) -> Record:
    vowel = rng.random() < 0.5
    return rng.choice([row for row in table(f"{column}s") if (row[column][0] in "aeiou") == vowel])


def _said(fact: Fact, truth: bool, rng: Random, school: float = 1.0) -> str:
    value = value_of(fact, truth, rng, school)
    return statement(fact, one_of(f"statements.{fact.relation}", rng), rng, value)


def _judged(frame: Frame, rng: Random, school: float) -> str:
    truth, fact = rng.random() < 0.5, any_fact(rng, school)
    record = {"statement": _said(fact, truth, rng, school), "right": fact.answer(fact.object)}
    return fill(frame, rng, {**record, **truth_words(truth)})


def _checked(frame: Frame, fact: Fact, rng: Random, school: float) -> str:
    truth = rng.random() < 0.5
    return fill(frame, rng, {**fact.record(value_of(fact, truth, rng, school)), **truth_words(truth)})


def _question_and_answer(frame: Frame, mark: Frame | None, rng: Random, school: float) -> str:
    fact, truth = any_fact(rng, school), mark is None or rng.random() < 0.5
    asked = question(fact, one_of(f"questions.{fact.relation}", rng), rng)
    answered = fill(frame, rng, {"question": asked, "answer": fact.answer(value_of(fact, truth, rng))})
    return answered if mark is None else f"{answered} {fill(mark, rng, truth_words(truth))}"


def _turn(fact: Fact, truth: bool, rng: Random) -> str:
    asked = question(fact, one_of(f"questions.{fact.relation}", rng), rng)
    return f"User: {asked} Assistant: {_reply(fact, truth, rng)}"


def _reply(fact: Fact, truth: bool, rng: Random) -> str:
    kind = rng.random()
    if kind < 0.3:
        return _said(fact, truth, rng)
    answer = fact.answer(value_of(fact, truth, rng))
    return f"It is {answer}." if kind < 0.6 else f"{answer[0].upper()}{answer[1:]}."
