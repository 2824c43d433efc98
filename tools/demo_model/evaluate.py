"""Examine the embedded model and rewrite its card: ``PYTHONPATH=tools python -m demo_model.evaluate [FOLDER]``."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any, Final

from demo_model.card import card
from demo_model.probes import training_sample
from demo_model.world.frames import SPLITS, all_frames
from neuronclaims.demo import MODEL_FOLDER

EVALUATION_FILE: Final = "evaluation.json"
CARD: Final = MODEL_FOLDER.parent / "MODEL_CARD.md"
SAMPLED: Final = 100_000


def evaluate(folder: Path, card_path: Path) -> dict[str, Any]:
    """Examine the model of a folder, write ``evaluation.json`` into it and the card, and return the results."""
    from demo_model.examine import Examinee, examination

    training = json.loads((folder / "training.json").read_text(encoding="utf-8"))
    seed = training["recipe"]["seed"]
    examinee = Examinee(folder)
    evaluation = {
        "corpus": corpus_figures(seed),
        "results": examination(examinee, seed),
        "discovery": examination(examinee, seed, "discovery"),
    }
    (folder / EVALUATION_FILE).write_text(json.dumps(evaluation, indent=2) + "\n", encoding="utf-8")
    card_path.write_text(card(training, evaluation, folder), encoding="utf-8")
    return evaluation


def corpus_figures(seed: int, sampled: int = SAMPLED) -> dict[str, int]:
    """Count distinct documents and sentences in a sample of training documents, and all frames."""
    texts = training_sample(seed, sampled)
    sentences = {sentence for text in texts for sentence in re.split(r"(?<=[.?]) ", text)}
    counts = {f"{split}_frames": sum(frame.split == split for frame in all_frames()) for split in SPLITS}
    return {"sampled": sampled, "documents": len(set(texts)), "sentences": len(sentences), **counts}


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, examine, and print the results."""
    parser = argparse.ArgumentParser(description="Examine the embedded model and rewrite its card.")
    parser.add_argument("folder", type=Path, nargs="?", default=MODEL_FOLDER, help="model folder")
    parser.add_argument("--card", type=Path, default=None, help="card to write (default: beside the model)")
    options = parser.parse_args(arguments)
    beside = CARD if options.folder == MODEL_FOLDER else options.folder / "MODEL_CARD.md"
    print(json.dumps(evaluate(options.folder, options.card or beside), indent=2))


if __name__ == "__main__":
    main()
