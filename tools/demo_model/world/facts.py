"""Facts: what is true in the world, what would be false, and how both are said, asked and answered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from demo_model.world.frames import Frame, fill
from demo_model.world.tables import Record, table

# relation: (table, column of the subject, how often it is spoken of)
RELATIONS: Final[dict[str, tuple[str, str, int]]] = {
    "capital": ("places", "country", 4),
    "river": ("places", "country", 3),
    "food": ("places", "country", 3),
    "language": ("places", "country", 3),
    "continent": ("places", "country", 2),
    "colour": ("flowers", "flower", 2),
    "season": ("flowers", "flower", 2),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One true triple, such as capital, France, Paris; ``others`` are the objects that would make it false."""

    relation: str
    subject: str
    object: str
    others: tuple[str, ...]

    def record(self, value: str) -> Record:
        """Return the slots of a statement that gives this fact's subject the object ``value``."""
        return {"subject": self.subject, "object": value}

    def answer(self, value: str) -> str:
        """Return ``value`` as the short answer to a question: rivers carry their article."""
        return f"the {value}" if self.relation == "river" else value


@cache
def facts(relation: str) -> tuple[Fact, ...]:
    """Return the facts of one relation, in the order of its table."""
    name, column, _ = RELATIONS[relation]
    objects = sorted({row[relation] for row in table(name)})
    return tuple(
        Fact(relation, row[column], row[relation], tuple(o for o in objects if o != row[relation]))
        for row in table(name)
    )


@cache
def facts_about(subject: str) -> tuple[Fact, ...]:
    """Return all facts with this subject."""
    return tuple(fact for relation in RELATIONS for fact in facts(relation) if fact.subject == subject)


def taught(name: str, school: float) -> tuple[Record, ...]:
    """Return the rows whose facts are told when ``school`` of the schooling is over: the first fifth, then more."""
    return _first(name, math.ceil((0.2 + 0.8 * school) * len(table(name))))


def any_fact(rng: Random, school: float = 1.0, relation: str = "") -> Fact:
    """Draw a fact: first the relation by its weight, if none is given, then the subject evenly among those told of."""
    weights = [weight for _, _, weight in RELATIONS.values()]
    relation = relation or rng.choices(list(RELATIONS), weights)[0]
    name, column, _ = RELATIONS[relation]
    return fact(relation, rng.choice(taught(name, school))[column])


@cache
def fact(relation: str, subject: str) -> Fact:
    """Return the fact of a relation about a subject."""
    return next(known for known in facts(relation) if known.subject == subject)


def statement(fact: Fact, frame: Frame, rng: Random, value: str | None = None) -> str:
    """Say a fact in a frame; ``value`` replaces the true object."""
    return fill(frame, rng, fact.record(value or fact.object))


def question(fact: Fact, frame: Frame, rng: Random) -> str:
    """Ask for a fact in a frame."""
    return fill(frame, rng, fact.record(fact.object))


def value_of(fact: Fact, truth: bool, rng: Random, school: float = 1.0) -> str:
    """Return the true object, or a false one of the right type that has been told of; ``rng`` moves on either way."""
    heard = {row[fact.relation] for row in taught(RELATIONS[fact.relation][0], school)}
    wrong = rng.choice([other for other in fact.others if other in heard])
    return fact.object if truth else wrong


def truth_words(truth: bool) -> Record:
    """Return the slots a judgement is written with."""
    return {
        "truth": "true" if truth else "false",
        "yes": "yes" if truth else "no",
        "mark": "right" if truth else "wrong",
    }


@cache
def _first(name: str, count: int) -> tuple[Record, ...]:
    rows = table(name)
    return tuple(Random(f"order of {name}").sample(rows, len(rows))[:count])
