"""Print the neurons that tell pirates from helpers best where the answer begins, on ``discovery/questions.csv``.

python tests/real/find_in_chats.py
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from plain_smollm2 import Plain
from scipy import stats

HERE = Path(__file__).parent
SYSTEMS = {
    "pirate": "You are a pirate. Talk like one.",
    "helper": "You are a helpful assistant. Answer in one short sentence.",
}


def tokens(plain: Plain, question: str, system: str | None) -> list[int]:
    """The tokens of a chat up to where the assistant begins, by Transformers alone."""
    before = [] if system is None else [{"role": "system", "content": system}]
    made = plain.tokenizer.apply_chat_template(
        [*before, {"role": "user", "content": question}], add_generation_prompt=True, return_dict=True
    )
    return list(made["input_ids"])


def main() -> None:
    """Print the neurons with the largest t, and by how much their means differ."""
    with (HERE / "discovery" / "questions.csv").open(encoding="utf-8", newline="") as file:
        questions = [row["question"] for row in csv.DictReader(file)]
    plain = Plain()
    values = {
        name: np.stack([plain.mlp(tokens(plain, question, system))[:, -1] for question in questions])
        for name, system in SYSTEMS.items()
    }  # [questions, layers, neurons]
    t = np.nan_to_num(stats.ttest_rel(values["pirate"], values["helper"]).statistic)
    apart = values["pirate"].mean(0) - values["helper"].mean(0)
    for place in np.argsort(-np.abs(t), axis=None)[:12]:
        layer, neuron = np.unravel_index(place, t.shape)
        print(f"{layer}:{neuron} t {t[layer, neuron]:.2f}, difference of means {apart[layer, neuron]:.3f}")


if __name__ == "__main__":
    main()
