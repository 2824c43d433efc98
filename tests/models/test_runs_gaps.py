"""A value that is NaN or infinite is an error of the claims that read it, by neuron and prompt, and of no other."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from cases import for_each
from tiny_models import make_model, make_tokenizer, style_of

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.engines.measure import measure
from neuronclaims.engines.noise import noise_floor
from neuronclaims.kinds import templates
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.measurements.errors import IntegrityError, MeasurementError
from neuronclaims.measurements.gaps import Gappy
from neuronclaims.models.sources import LoadedModel, open_model
from neuronclaims.study import Study

WORDS = ("old dog", "river", "house", "bird", "cat", "tree")
SETS = {
    name: [f"the {word} {verb}" for word in WORDS] for name, verb in (("ran", "ran"), ("ate", "ate food"))
}
PROMPTS = tuple(SETS["ran"])
CLAIMS = {
    "own": "neuron 1:3 activates more for ran than ate",
    "separated": "neuron 1:4 separates ran from ate with AUROC at least 0.6",
    "every": "every neuron of 1:3, 1:4 activates more for ran than ate",
    "earlier": "neuron 0:17 activates more for ran than ate",
    "broken": "neuron 1:17 activates more for ran than ate",
    "among": "every neuron of 1:3, 1:17 activates more for ran than ate",
    "searched": "some neuron of layer 1 activates more for ran than ate",
    "later": "neuron 2:3 activates more for ran than ate",
}


def handed(bias: float) -> LoadedModel:
    """A tiny model in which a bias of neuron 1:17 is what is given, and with it all that comes later."""
    model = make_model("gpt2")
    with torch.no_grad():
        model.transformer.h[1].mlp.c_fc.bias[17] = bias
    return LoadedModel(model, make_tokenizer(style_of("gpt2")))


def judged(folder: Path, model: LoadedModel) -> dict[str, object]:
    lines = [
        "version: 1",
        "models: [handed]",
        "site: mlp_post",
        "tokens: mean of prompt",
        f"sets: {json.dumps(SETS)}",
    ]
    lines += ["claims:", *(f"  - {{id: {name}, claim: {json.dumps(said)}}}" for name, said in CLAIMS.items())]
    path = folder / "x.claims.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file = read_claim_file(path, templates())
    return dict(Study(cache=folder / "cache", models={"handed": model}).judge(file, "handed"))


@for_each("bad", [float("nan"), float("inf")])
def test_only_claims_that_read_a_gap_are_errors_which_name_neuron_and_prompt(tmp_path_factory, bad) -> None:
    whole = judged(tmp_path_factory.mktemp("whole"), handed(0.0))
    folder = tmp_path_factory.mktemp("gaps")
    for _ in range(2):  # measured, and read from the cache
        found = judged(folder, handed(bad))
        assert not [name for name, result in whole.items() if result.verdict is None]
        for name in ("own", "separated", "every", "earlier"):
            one, other = whole[name], found[name]
            assert other.verdict == one.verdict
            assert (other.evidence.effect, other.evidence.test.p_value) == (
                one.evidence.effect,
                one.evidence.test.p_value,
            )
        noted = [note for note in found["own"].evidence.notes if "mlp_post 1:17" in note]
        assert noted == [
            "NaN or infinite for some prompts, and taken for 0 where neurons are ranked: mlp_post 1:17."
        ]
        assert not [note for note in found["earlier"].evidence.notes if "NaN" in note]
        for name in ("broken", "among", "searched"):
            said = found[name].error
            assert re.search(r"mlp_post of neuron 1:17 in handed is (nan|inf) for the prompt '", said), said
        assert "mlp_post of neuron 2:3 in handed is nan for the prompt '" in found["later"].error


def test_the_run_keeps_what_it_measured_and_noise_is_known_of_the_other_neurons(tmp_path) -> None:
    source = open_model("handed", Path("."), {"handed": handed(float("nan"))})
    asked = Activations("mlp_post", 1, TokenRule("mean", "prompt"), PROMPTS)
    values = measure(source, [asked], cache=RunCache(tmp_path))[asked]
    assert np.flatnonzero(~np.isfinite(values).all(axis=0)).tolist() == [17]
    assert list(tmp_path.rglob("*.safetensors"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # what was NaN and is NaN is no sign of a changed model
        again = measure(source, [asked], cache=RunCache(tmp_path))[asked]
    np.testing.assert_array_equal(again, values)
    columns = noise_floor(source, [asked])[asked].columns
    assert np.isfinite(columns).all()


def test_a_value_that_is_a_number_in_a_batch_only_or_alone_only_is_no_rounding() -> None:
    from neuronclaims.models.running.integrity import _share

    row, hole = np.array([1.0, 2.0, 4.0], np.float32), np.array([1.0, np.nan, 4.0], np.float32)
    assert _share(hole, hole) == 0
    assert _share(row, hole) == _share(hole, row) == float("inf")
    assert _share(hole, hole + np.float32(1)) == pytest.approx(0.2)
    assert _share(np.array([np.inf], np.float32), hole[1:2]) == 0


def test_no_text_is_generated_from_predictions_that_are_none(tmp_path) -> None:
    source = open_model("handed", Path("."), {"handed": handed(float("nan"))})
    from neuronclaims.measurements import Generation

    asked = Activations("mlp_post", 0, TokenRule("mean", "generated"), PROMPTS, Generation(3))
    with pytest.raises(MeasurementError, match="what it predicts is not a number"):
        measure(source, [asked], cache=RunCache(tmp_path))


def test_a_gap_in_values_of_each_position_names_its_neuron() -> None:
    asked = Activations("mlp_post", 1, TokenRule("each 2", "prompt"), ("a", "b"))
    values = np.zeros((2, 1 + 2 * 3), np.float32)
    values[1, 1 + 3 + 2] = np.inf
    with pytest.raises(MeasurementError, match=r"neuron 1:2 in m is inf for the prompt 'b'"):
        Gappy(asked, values, "m").read()


def test_batches_written_before_a_check_failed_are_taken_back(hand_over, tmp_path, monkeypatch) -> None:
    from neuronclaims.models.options import RunOptions
    from neuronclaims.models.running import pooled

    right, texts = (
        pooled.check_counted,
        (*("the old dog ran to " * 3 + word for word in ("cat", "dog", "bird")), "she sat"),
    )

    def check(recorder, rows, name: str) -> None:
        if any(row.prompt == "she sat" for row in rows):
            raise IntegrityError("wrong")
        right(recorder, rows, name)

    monkeypatch.setattr(pooled, "check_counted", check)
    done: list[int] = []
    asked = Activations("mlp_post", 1, TokenRule("mean", "prompt"), texts)
    with pytest.raises(IntegrityError, match="wrong"):
        measure(
            hand_over("gpt2"),
            [asked],
            cache=RunCache(tmp_path),
            options=RunOptions(batch_prompts=3),
            progress=lambda step: done.append(step.done),
        )
    assert 3 in done
    assert not list(tmp_path.rglob("*.safetensors"))


def test_what_a_change_breaks_is_blamed_on_the_change():
    from neuronclaims.measurements import Ablation, Prediction
    from neuronclaims.measurements.changing.interventions import Add
    from neuronclaims.measurements.gaps import with_gaps

    asked = Ablation("mlp_post", ((3, 17),), Add(1e30), Prediction(" an"), ("I ate",))
    for before, cause in ((1.0, "The change (add 1e+30) makes it so"), (np.nan, "The weights are broken")):
        found = with_gaps(asked, np.array([[before, np.nan, 0.1, 0.1, 0.0]], np.float32), "demo")
        with pytest.raises(MeasurementError, match=re.escape(cause)):
            found.read()
