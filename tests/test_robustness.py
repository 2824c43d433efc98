"""Whether a verdict rests on single prompts or on texts of one frame, from claim file to report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.prompts import ChatMessage, PromptInput
from neuronclaims.reports.explanation import explain
from neuronclaims.results import Result
from neuronclaims.robustness.left_out import Robustness
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 2, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
WORDS = ("river", "old dog barks", "house", "a bird", "seven cats sleep", "tree", "cold tea", "small boats")
CLAIM = "neuron 1:2 activates more for up than down"


def judged(
    folder: Path, values: dict[str, float], up: list[str], down: list[str], claim: str = CLAIM
) -> Result:
    """Judge a claim about values that are known: every neuron of the site has them."""
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG))
    (folder / "model" / "model.safetensors").write_bytes(b"")
    (folder / "x.claims.yaml").write_text(
        f"version: 1\nmodels: [model]\nsite: mlp_post\ntokens: last of prompt\n"
        f"sets: {json.dumps({'up': up, 'down': down})}\nclaims: [{json.dumps(claim)}]\n"
    )

    def measure(source, measurements, **_):
        rows = {each: [values[text] for text in each.request.items] for each in measurements}
        return {each: np.repeat(np.float32(row)[:, None], 16, axis=1) for each, row in rows.items()}

    file = read_claim_file(folder / "x.claims.yaml", templates())
    (result,) = Study(measure=measure).judge(file, "model").values()
    return result


def of(result: Result) -> Robustness:
    assert result.error is None, result.error
    assert result.evidence is not None
    assert result.evidence.robustness is not None, result.reason
    return result.evidence.robustness


UP, DOWN = [f"up {word}" for word in WORDS], [f"low {word}" for word in WORDS]
CLEAR = {text: 5.0 + 0.1 * place for place, text in enumerate(UP)}
CLEAR |= {text: 1.0 + 0.1 * place for place, text in enumerate(DOWN)}


def test_a_clear_verdict_stands(tmp_path) -> None:
    stands = of(judged(tmp_path, CLEAR, UP, DOWN))
    assert (stands.units.what, stands.units.count, stands.units.changes) == ("prompt", 16, 0)
    assert (stands.units.low, stands.units.high) == pytest.approx((4 - 0.05, 4 + 0.05))
    assert stands.units.weakest in (
        UP[-1],
        DOWN[0],
    )  # without the highest, or the lowest, the effect is least
    assert stands.same == 1.0
    assert stands.warning is None
    assert "Without any one of the 16 prompts it is still supported" in stands.sentences[0]


def test_a_verdict_that_just_passes_names_the_prompt_it_rests_on(tmp_path) -> None:
    spread = np.linspace(-1.4, 1.4, len(WORDS))
    values = dict(zip([*UP, *DOWN], [*(spread + 1.1).tolist(), *spread.tolist()], strict=True))
    result = judged(tmp_path, values, UP, DOWN)
    stands = of(result)
    assert result.evidence.test.p_adjusted > 0.01
    assert stands.units.changes > 0
    assert stands.units.weakest in (*UP, *DOWN)
    left = stands.units.weakest
    again = judged(
        tmp_path, values, [text for text in UP if text != left], [text for text in DOWN if text != left]
    )
    assert (again.verdict, stands.units.then) == ("inconclusive", "inconclusive")
    assert stands.warning in " ".join(str(explain(result)).split())
    assert 0.2 < stands.same < 0.95


def test_frames_are_left_out_as_a_whole(tmp_path) -> None:
    framed = [f"The {word} is on the table now" for word in ("cat", "pen", "cup", "hat")]
    others = [f"We saw the {word} near our garden" for word in ("dog", "cow", "fox", "hen")]
    values = {text: 9.0 + 0.1 * place for place, text in enumerate(framed)}
    values |= {text: 1.2 + 0.1 * place for place, text in enumerate(others)}
    values |= {text: 1.0 + 0.05 * place for place, text in enumerate(DOWN)}
    stands = of(judged(tmp_path, values, [*framed, *others], DOWN))
    assert stands.frames is not None
    assert (stands.frames.what, stands.frames.count) == ("frame", 2)
    assert stands.frames.low < stands.units.low


def test_nothing_is_said_of_what_is_open(tmp_path) -> None:
    same = dict.fromkeys(CLEAR, 1.0) | {text: float(place) for place, text in enumerate([*UP, *DOWN])}
    open_ = judged(tmp_path, {text: same[text] % 3 for text in same}, UP, DOWN)
    assert open_.verdict == "inconclusive"
    assert open_.evidence.robustness is None


def test_a_chat_is_named_as_it_reads(tmp_path) -> None:
    spread = np.linspace(-1.4, 1.4, len(WORDS))
    values = {
        PromptInput(messages=(ChatMessage("user", text),)).item: value
        for text, value in zip([*UP, *DOWN], [*(spread + 1.1).tolist(), *spread.tolist()], strict=True)
    }
    up, down = ([{"messages": [{"role": "user", "content": text}]} for text in side] for side in (UP, DOWN))
    assert of(judged(tmp_path, values, up, down)).units.weakest[:6] == "user: "
