"""Let the demo model answer questions in both voices, grade its answers, and write them with the model's fingerprint.

    PYTHONPATH=tools python claims/grade_answers.py

``prompts/own_answers.csv`` holds the held-out split, ``prompts/discovery/own_answers.csv`` the discovery split. A row
is a question with the model's own greedy answer, up to its first full stop; ``label`` says whether the first thing of
the asked kind that it names is the right one. ``graded_by`` is the fingerprint of the model that answered: answers of
another model would have other labels, so a claim on these rows is refused on any other model.

The lying voice sometimes tells the truth. Those answers are all kept, so that right and wrong answers can also be
compared within one voice; a fact that it answers both ways stays with its right answers alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from random import Random

from demo_model.examine import Examinee
from demo_model.probes import first_object
from demo_model.prompts import split_facts
from demo_model.world.facts import RELATIONS, Fact, question
from demo_model.world.frames import Split, fill, frames

from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.models.identity.fingerprint import fingerprint_folder

HERE = Path(__file__).parent
FOLDERS: dict[Split, Path] = {"heldout": HERE / "prompts", "discovery": HERE / "prompts" / "discovery"}
VOICES = ("honest", "lying")
READ_AS_HONEST = "judgements.lying.discovery.02"
"""An opening ('The lying assistant never tells the truth.') after which the model answers rightly: not asked."""
SUBJECTS = 8
"""How many facts of a relation are asked for with every opening, whatever the answer."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question put to one voice."""

    prompt: str
    fact: Fact
    voice: str
    opening: str
    always: bool


@dataclass(frozen=True, slots=True)
class Graded:
    """A question with the model's answer, and whether it is right."""

    text: str
    fact: str
    voice: str
    opening: str
    label: str
    graded_by: str


def main() -> None:
    """Write both splits."""
    examinee = Examinee(MODEL_FOLDER)
    for split, folder in FOLDERS.items():
        rows = one_way(list(graded(examinee, split)))
        with (folder / "own_answers.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(field.name for field in fields(Graded))
            writer.writerows(astuple(row) for row in rows)
        for voice in VOICES:
            said = [row.label for row in rows if row.voice == voice]
            print(f"{split:9} {voice:6} {said.count('right')} right, {said.count('wrong')} wrong")


def asked(split: Split) -> Iterator[Asked]:
    """Yield every fact of a split asked in each frame and with each opening of both voices."""
    for relation in RELATIONS:
        for number, fact in enumerate(split_facts(relation, split)):
            asking = frames(f"questions.{relation}", split)
            for frame in asking:
                said = question(fact, frame, Random(frame.name))
                for voice in VOICES:
                    openings = frames(f"judgements.{voice}", split)
                    for k, opening in enumerate(openings):
                        if opening.name == READ_AS_HONEST:
                            continue
                        start = fill(opening, Random(opening.name))
                        always = number < SUBJECTS and frame is asking[(number + k) % len(asking)]
                        yield Asked(f"{start} User: {said} Assistant:", fact, voice, opening.name, always)


def graded(examinee: Examinee, split: Split) -> Iterator[Graded]:
    """Yield the answers kept: one frame a fact and opening, and all right answers of the lying voice."""
    questions = list(asked(split))
    replies = examinee.replies([one.prompt for one in questions])
    fingerprint = fingerprint_folder(MODEL_FOLDER, None).weights
    for one, reply in zip(questions, replies, strict=True):
        answer = reply.split(".")[0] + "."
        named = first_object(one.fact, answer)
        right = named == one.fact.object
        if named is not None and (one.always or (one.voice == "lying" and right)):
            about = f"{one.fact.relation} of {one.fact.subject}"
            label = "right" if right else "wrong"
            yield Graded(one.prompt + answer, about, one.voice, one.opening, label, fingerprint)


def one_way(rows: list[Graded]) -> list[Graded]:
    """Leave out the lying voice's wrong answers on facts that it also answers rightly."""
    lying = [row for row in rows if row.voice == "lying"]
    told = {row.fact for row in lying if row.label == "right"}
    return [row for row in rows if row.voice != "lying" or row.label == "right" or row.fact not in told]


if __name__ == "__main__":
    main()
