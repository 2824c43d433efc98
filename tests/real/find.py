"""Print the neurons that the claim files beside this script are about, found on the texts in ``discovery/`` alone.

    python tests/real/find.py

No text of ``discovery/`` is one that a claim is tested on (a test checks that).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from plain_smollm2 import Plain
from scipy import stats

DISCOVERY = Path(__file__).parent / "discovery"
Row = Mapping[str, Any]


def rows(name: str) -> list[Row]:
    """Return the rows of a file of discovery."""
    with (DISCOVERY / name).open(encoding="utf-8", newline="") as file:
        return [json.loads(line) for line in file] if name.endswith("jsonl") else list(csv.DictReader(file))


def main() -> None:
    """Print, for every comparison, the neurons with the largest t."""
    plain = Plain()

    def last_of_subject(row: Row) -> np.ndarray:
        ids, place = plain.subject(row["text"], row["subject"])
        return plain.mlp(ids)[:, place]

    def first_of_assistant(row: Row) -> np.ndarray:
        question, answer = (message["content"] for message in row["messages"])
        return plain.mlp([*plain.chat(question), *plain.tokenizer(answer)["input_ids"]])[
            :, len(plain.chat(question))
        ]

    def where(name: str, key: str, value: str) -> list[Row]:
        return [row for row in rows(name) if row[key] == value]

    def mean(row: Row) -> np.ndarray:
        return plain.mlp(row["text"]).mean(1)

    france = [(row["text"], row["subject"]) for row in rows("france.csv")]
    french, english = (where("languages.csv", "language", value) for value in ("french", "english"))
    refusals, answers = (where("answers.jsonl", "kind", value) for value in ("refusal", "answer"))
    countries, animals = (where("subjects.csv", "kind", value) for value in ("country", "animal"))
    show("french > english, mean of prompt", map(mean, french), map(mean, english))
    show(
        "refusal > answer, first of assistant",
        map(first_of_assistant, refusals),
        map(first_of_assistant, answers),
    )
    show("country > animal, last of subject", map(last_of_subject, countries), map(last_of_subject, animals))
    effect = np.stack([plain.attribution(*each, " French") for each in france])
    ranked(effect.mean(0), "logit of French, value x gradient at the last token of the subject")


def show(what: str, first: Iterable[np.ndarray], second: Iterable[np.ndarray]) -> None:
    """Print the neurons with the largest t of a difference between two lists of [layers, neurons]."""
    with np.errstate(all="ignore"):
        t = stats.ttest_ind(np.stack(list(first)), np.stack(list(second)), equal_var=False).statistic
    ranked(np.nan_to_num(t, posinf=0, neginf=0), what)


def ranked(strength: np.ndarray, what: str) -> None:
    """Print the neurons with the largest values, and those with the smallest."""
    order = np.argsort(strength, axis=None)
    for how, chosen in (("highest", order[::-1][:6]), ("lowest", order[:6])):
        places = [np.unravel_index(place, strength.shape) for place in chosen]
        named = ", ".join(f"{layer}:{index} ({strength[layer, index]:.2f})" for layer, index in places)
        print(f"{what}, {how}: {named}")


if __name__ == "__main__":
    main()
