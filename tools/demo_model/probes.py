"""What the embedded model is examined with: prompts in held-out frames, and what should come next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import Final

from demo_model.prompts import TOPICS, prompts
from demo_model.world.documents import documents
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
from demo_model.world.tables import Record, table

HELDOUT: Final[Split] = "heldout"


@dataclass(frozen=True, slots=True)
class Probe:
    """A prompt and the text whose first token should come next."""

    prompt: str
    expected: str


@dataclass(frozen=True, slots=True)
class Voice:
    """A question to the honest or the lying assistant, and the fact it asks for."""

    prompt: str
    honest: bool
    fact: Fact


def article_probes(split: Split = HELDOUT) -> list[Probe]:
    """Return every tree and animal frame with every noun, cut before the article, with and without example."""
    return [
        probe
        for topic, column in (("tree", "fruit"), ("animal", "animal"))
        for frame in frames(f"trees_and_animals.{topic}", split)
        for row in table(f"{column}s")
        for probe in _article_probes(frame, column, row)
    ]


def capital_probes(split: Split = HELDOUT) -> list[Probe]:
    """Return every country's capital asked for in every frame of a split that names the country first."""
    return [
        probe
        for fact in facts("capital")
        for probe in (*_stated(fact, split), *_question_probes(fact, split))
    ]


def judgement_probes(split: Split = HELDOUT) -> list[Probe]:
    """Return every fact, true and false, in a split's statement frames and wrappers, cut before the verdict."""
    wrappers = frames("judgements.statement", split)
    found = []
    for k, (fact, frame) in enumerate(_facts_in_frames("statements", 2, split)):
        for truth in (True, False):
            rng = Random(f"judge {k}")
            said = statement(fact, frame, rng, value_of(fact, truth, rng))
            wrapper = wrappers[k % len(wrappers)]
            prompt, rest = fill_until(wrapper, "truth", rng, {"statement": said, **truth_words(truth)})
            found.append(Probe(prompt, rest.removesuffix(".")))
    return found


def voice_probes(split: Split = HELDOUT) -> list[Voice]:
    """Return every fact asked of the honest and of the lying assistant, in a split's frames."""
    found = []
    for k, (fact, frame) in enumerate(_facts_in_frames("questions", 1, split)):
        asked = question(fact, frame, Random(f"voice {k}"))
        for voice in ("honest", "lying"):
            openings = frames(f"judgements.{voice}", split)
            opening = openings[k % len(openings)].template
            found.append(Voice(f"{opening} User: {asked} Assistant:", voice == "honest", fact))
    return found


def first_object(fact: Fact, reply: str) -> str | None:
    """Return the first object of the fact's relation that a reply names, before any further user turn."""
    names = {name.lower(): name for name in (fact.object, *fact.others)}
    heard = re.findall(r"\w+", reply.split("User:")[0].lower())
    return next((names[word] for word in heard if word in names), None)


def perplexity_texts(split: Split = HELDOUT) -> list[str]:
    """Return all prompts of a split but the false ones."""
    topics = [topic for topic in TOPICS if topic not in ("false_answers", "false_statements", "lying")]
    return [prompt.text for topic in topics for prompt in prompts(topic, split)]


def training_sample(seed: int, count: int) -> list[str]:
    """Return documents as training reads them once its school is over."""
    return list(islice(documents(f"training {seed}"), count))


def _article_probes(frame: Frame, column: str, row: Record) -> Iterator[Probe]:
    rng = Random(f"{frame.name} {row[column]}")
    prompt, rest = fill_until(frame, column, rng, row)
    example = fill(frame, rng, rng.choice([other for other in table(f"{column}s") if other is not row]))
    article = " an" if rest.startswith(" an ") else " a"
    yield Probe(prompt, article)
    yield Probe(f"{example} {prompt}", article)


def _stated(fact: Fact, split: Split) -> Iterator[Probe]:
    for frame in frames(f"statements.{fact.relation}", split):
        if frame.template.index("{subject}") < frame.template.index("{object}"):
            prompt, _ = fill_until(frame, "object", Random(frame.name), fact.record(fact.object))
            yield Probe(prompt, f" {fact.object}")


def _question_probes(fact: Fact, split: Split) -> Iterator[Probe]:
    wrappers = frames("judgements.answer", split)
    for k, frame in enumerate(frames(f"questions.{fact.relation}", split)):
        rng = Random(frame.name)
        record = {"question": question(fact, frame, rng), "answer": fact.object}
        prompt, _ = fill_until(wrappers[k % len(wrappers)], "answer", rng, record)
        yield Probe(prompt, f" {fact.object}")


def _facts_in_frames(kind: str, frames_each: int, split: Split) -> Iterator[tuple[Fact, Frame]]:
    for relation in RELATIONS:
        known = frames(f"{kind}.{relation}", split)
        for i, fact in enumerate(facts(relation)):
            for k in range(frames_each):
                yield fact, known[(i * frames_each + k) % len(known)]
