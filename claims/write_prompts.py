"""Write the texts that claims about predictions are tested on, and those their neurons are found on.

    PYTHONPATH=tools python claims/write_prompts.py

Of each file but the documents there are two: in ``prompts/`` the held-out split, in ``prompts/discovery/`` the
discovery split, which shares no sentence frame with it.

``articles.csv`` are pairs after which " an" or " a" is right ("... the olive tree and picked", "... the coconut tree
and picked"). ``fights.csv`` are sentences about angry people that stop before what they began ("On Monday the rebels
started to"). ``openings.csv`` are the beginnings of sentences about a concept, for the model to go on with.
``documents.csv`` are documents of the sort the model was trained on, drawn anew; no neuron was found on them.
``labelled.csv`` are more such documents, others for either split, with the names of capitals and countries labelled.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random

from demo_model.prompts import pairs, prompts
from demo_model.world.documents import documents
from demo_model.world.facts import facts
from demo_model.world.frames import Split, fill, frames

HERE = Path(__file__).parent
FOLDERS: Mapping[Split, Path] = {
    "heldout": HERE / "prompts",
    "discovery": HERE / "prompts" / "discovery",
}
ARTICLES = ("tree_fruit", "animal_article")
STARTED = {
    "heldout": ("events.violent.heldout.03", " fight", 3),
    "discovery": ("events.violent.discovery.09", " fight", 0),
}
"""The frame of a split that says what angry people began, the word it is cut before, and which word says who."""
CONCEPTS = {
    "hanoi": "Hanoi",
    "vietnam": "Vietnam",
    "tulip": "tulip",
    "violent": None,
    "baseline": None,
}
"""The topics whose sentences are begun, and the word each beginning must hold."""
BEGUN = 0.6
"""The share of its words a beginning has at least."""
LENGTHS = (2, 5, 3, 6, 4, 7)
"""How many words a beginning has, frame by frame."""
FIGHTS = 40
DOCUMENTS = 600
FRESH = "documents for claims"
LABELLED: Mapping[Split, str] = {
    "heldout": "documents with labels for claims",
    "discovery": "documents with labels for discovery",
}
LABELLED_DOCUMENTS = 60


def main() -> None:
    """Write all files of both splits."""
    for split, folder in FOLDERS.items():
        found = [(topic, pair) for topic in ARTICLES for pair in pairs(topic, split)]
        rows = [(pair.clean, pair.corrupted, pair.group, topic) for topic, pair in found]
        write(folder / "articles.csv", ("clean", "corrupted", "group", "topic"), rows)
        write(folder / "fights.csv", ("text", "who"), fights(split))
        write(folder / "openings.csv", ("text", "topic", "group"), openings(split))
        write(folder / "lengths.csv", ("text", "words", "frame"), lengths(split))
        write(folder / "labelled.csv", ("text", "labels"), labelled(split))
    write(HERE / "prompts" / "documents.csv", ("text",), [(text,) for text in fresh_documents()])


def fights(split: Split) -> list[tuple[str, str]]:
    """Return different fillings of the one frame, cut before the word, and whom each is about."""
    name, word, place = STARTED[split]
    frame = next(frame for frame in frames("events.violent", split) if frame.name == name)
    filled = (fill(frame, Random(f"{name} {number}")).split(word)[0] for number in range(10 * FIGHTS))
    return [(text, text.split()[place]) for text in list(dict.fromkeys(filled))[:FIGHTS]]


def openings(split: Split) -> list[tuple[str, str, str]]:
    """Return beginnings of sentences with their topic and frame, each text once."""
    found = {
        begun(prompt.text, word): (topic, prompt.group)
        for topic, word in CONCEPTS.items()
        for prompt in prompts(topic, split)
    }
    return [(text, *about) for text, about in found.items()]


def lengths(split: Split) -> list[tuple[str, str, str]]:
    """Return one beginning of each frame, of 2 to 7 words, with their number and the frame."""
    found: dict[str, tuple[str, str, str]] = {}
    for topic in CONCEPTS:
        for prompt in prompts(topic, split):
            words, count = prompt.text.rstrip(".").split(), LENGTHS[len(found) % len(LENGTHS)]
            if prompt.group not in found and count < len(words):
                found[prompt.group] = (" ".join(words[:count]).rstrip(","), str(count), prompt.group)
    return list(found.values())


def begun(text: str, word: str | None) -> str:
    """Return the first words of a sentence, up to ``word`` at least, without any full stop."""
    words = text.rstrip(".").split()
    upto = next((place for place, one in enumerate(words) if word is not None and word in one), 0)
    return " ".join(words[: max(upto + 1, round(BEGUN * len(words)))]).rstrip(",.")


def fresh_documents() -> list[str]:
    """Return different documents of the world, written from the frames of its training."""
    return list(dict.fromkeys(islice(documents(FRESH), DOCUMENTS)))


def labelled(split: Split) -> list[tuple[str, str]]:
    """Return documents that name a capital and a country, each with the stretches that do so."""
    names = {
        **{fact.object: "capital" for fact in facts("capital")},
        **{fact.subject: "country" for fact in facts("capital")},
    }
    name = re.compile(rf"\b(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})\b")
    found: dict[str, str] = {}
    for text in documents(LABELLED[split]):
        stretches = [[each.start(), each.end(), names[each[0]]] for each in name.finditer(text)]
        if len({label for _, _, label in stretches}) == 2:
            found[text] = json.dumps(stretches)
        if len(found) == LABELLED_DOCUMENTS:
            return list(found.items())
    raise AssertionError("documents never end")


def write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows as CSV under a header."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
