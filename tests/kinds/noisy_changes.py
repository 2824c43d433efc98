"""A stand-in for a model in which neurons change predictions by noise, so that nothing can be told for sure."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from changed_claims import FAKE_CONFIG, claim_file
from control_answers import controls_answer

from neuronclaims.measurements import AblationSweep, Activations, TokenRule
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.results import Result
from neuronclaims.study import Study

WIDTH = 12
PROMPTS, LEAST_P = 14, 0.8**14
"""The fewest that show a mean at .05: the chance that they miss one prompt in five is .044, with 13 .055."""
CLEAN = np.array([3.0, 2.0, 4.0, 2.5, 3.5, 1.5, 2.0, 3.0, 2.5, 1.5, 3.0, 4.0, 2.0, 3.5])
CORRUPTED = np.array([1.0, 0.5, 1.0, 0.5, 1.5, -0.5, 1.0, 0.5, 0.5, -0.5, 1.5, 1.0, 0.5, 1.5])
NOISE = np.array([0.9, -0.3, 0.6, 0.2, -0.5, 0.1, 0.4, -0.2, 0.7, -0.4, 0.5, 0.3, -0.6, 0.8])
"""What neuron 1:2 changes of each text's prediction; 1:3 changes ten times that, the others nearly nothing."""
GAINS = np.array([[0.0] * WIDTH, [0.01, 0.02, 1.0, 10.0, *[0.03] * 8]])
SETS = {
    name: [f"{name} {place}" for place in range(size)] for name, size in (("text", PROMPTS), ("harmed", 17))
}
"""A claim of two parts is refuted by one of them at .025: 2 x 0.8^17 = .045."""
PAIRS = [{"clean": f"clean {place}", "corrupted": f"corrupted {place}"} for place in range(PROMPTS)]
WHOLE = CLEAN - CORRUPTED


def changed(asked) -> np.ndarray:
    """What the neurons asked for change of each text: their sum."""
    texts = [pair.clean for pair in asked.pairs] if hasattr(asked, "pairs") else asked.prompts
    rows = np.array([int(text.split()[1]) for text in texts])
    gains = (
        GAINS[asked.layer] if not hasattr(asked, "neurons") else sum(GAINS[place] for place in asked.neurons)
    )
    return rows, NOISE[rows % PROMPTS][:, None] * np.atleast_1d(gains)


def answer(asked):
    if isinstance(asked, Controls):
        return controls_answer(asked, answer, WIDTH)
    if isinstance(asked, Activations):  # neuron 1:3 is large at a quarter of the tokens, 1:2 at less
        assert asked.tokens == TokenRule("beyond 6", "prompt")
        return np.tile(np.array([0, 0, 0.05, 0.25, *[0] * 8]) * asked.layer, (len(asked.prompts), 1))
    rows, change = changed(asked)
    clean, corrupted = CLEAN[rows % PROMPTS], CORRUPTED[rows % PROMPTS]
    if hasattr(asked, "pairs"):
        return np.column_stack([clean, corrupted, corrupted[:, None] + change])
    after = clean[:, None] + change
    if isinstance(asked, AblationSweep):
        return np.column_stack([clean, after])
    harm = 0.5 if asked.prompts[0].startswith("harmed") else 0.01
    chance = np.full(len(rows), 0.5)
    return np.column_stack([clean, after, chance, chance[:, None] + change / 10, harm * (1 + rows / 10)])


def measure(source, measurements, *, cache, options, progress):
    ASKED[:] = measurements
    return {asked: answer(asked).astype(np.float32) for asked in measurements}


ASKED: list = []


def judged_in(
    folder: Path, claim: str, margin: str | None = None, head: str = "", sets=SETS, pairs=PAIRS
) -> Result:
    """Put one claim to it; single quotes in the claim stand for double ones."""
    said = {"claim": claim.replace("'", '"'), **({"margin": margin} if margin else {})}
    head = f"{head}sets: {json.dumps(sets)}\npairs: {json.dumps({'fruit': pairs})}\n"
    file = claim_file(folder, json.dumps(said), head=head, config={**FAKE_CONFIG, "n_embd": WIDTH})
    [result] = Study(measure=measure).judge(file, "model").values()
    return result


def others(result) -> dict[str, float]:
    return {effect.name: effect.value for effect in result.evidence.other_effects}
