"""Claims about the demo model put to relatives of it whose answer is known, and to one that shares nothing with it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from demo_model import variants
from thorough import THOROUGH, draws

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.cli import main
from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.engines.measure import measure
from neuronclaims.kinds import templates
from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model
from neuronclaims.rematch import TwoModels, rematch, tokenwise
from neuronclaims.rematch.tokenwise import Held, shared
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.study import Study

CLAIMS = Path(__file__).parents[2] / "claims"
GONE = Neuron(2, 340)


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("variants")
    variants.saved_again(MODEL_FOLDER, folder / "same")
    variants.zeroed(MODEL_FOLDER, folder / "zeroed", GONE.layer, GONE.index)
    variants.another_seed(MODEL_FOLDER, folder / "random", seed=3, steps=0)
    return folder


@pytest.fixture(scope="module")
def places(folders) -> dict[int, np.ndarray]:
    return variants.permuted(MODEL_FOLDER, folders / "permuted")


def rematched(name: str, new: Path) -> list:
    return rematch(read_claim_file(CLAIMS / name, templates()), TwoModels("demo", str(new), Path()))


def where(neuron: Neuron, site: str, places: dict[int, np.ndarray]) -> Neuron:
    return Neuron(neuron.layer, int(places[neuron.layer][neuron.index])) if site == "mlp_post" else neuron


@pytest.mark.parametrize("name", ["places.claims.yaml", "flowers.claims.yaml"])
def test_permuted_neurons_are_found_where_they_are_and_nowhere_else(folders, places, name):
    found = rematched(name, folders / "permuted")
    looked = [(each.claim, match) for each in found for match in each.matches]
    assert len(looked) >= 8
    for claim, match in looked:
        site = claim.settings.site
        assert match.best == where(match.old, site, places)
        assert match.status == ("moved" if site == "mlp_post" else "still")
        assert match.held > 0.999
    assert all(each.result is not None and each.result.error is None for each in found)


@pytest.mark.skipif(not THOROUGH, reason="takes a while (THOROUGH=1)")
def test_a_rewritten_file_says_of_the_permuted_model_what_the_old_one_said_of_its_own(
    folders, places, tmp_path, monkeypatch, capsys
):
    """The function is the same, so effects and verdicts must be, to rounding, for every kind in the file."""
    shutil.copytree(CLAIMS / "prompts", tmp_path / "prompts")
    text = (CLAIMS / "seed-003-article.claims.yaml").read_text(encoding="utf-8")
    text = text.replace("models: [demo]", "models: [demo] # the embedded one")
    (tmp_path / "x.claims.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    choice = draws("writes and not chooser", "restored-together or (writes and not chooser)")
    chosen = [*draws([], ["restored-together"]), "writes", "writes-of-tokens"]
    arguments = ["--old", "demo", "--new", str(folders / "permuted"), "-k", choice, "-o", "y.claims.yaml"]
    assert main(["rematch", "x.claims.yaml", *arguments]) == 0
    count = len(chosen)
    assert f"{count} claims: 0 still in place, {count} moved, 0 not found" in capsys.readouterr().out
    old, new = (read_claim_file(Path(name), templates()) for name in ("x.claims.yaml", "y.claims.yaml"))
    assert "] # the embedded one" in Path("y.claims.yaml").read_text(encoding="utf-8")
    kept = [claim.id for claim in new.claims]
    assert kept == chosen
    before = Study().judge(replace(old, claims=tuple(c for c in old.claims if c.id in kept)), "demo")
    after = Study().judge(new, new.models[0])
    for name, result in after.items():
        assert result.sentence != before[name].sentence
        assert result.verdict == before[name].verdict
        assert result.evidence.effect.value == pytest.approx(before[name].evidence.effect.value, rel=1e-3)


def test_the_same_weights_have_all_neurons_in_place(folders):
    found = rematched("events.claims.yaml", folders / "same")
    assert {each.status for each in found} == {"still"}
    assert all(match.held > 1 - 1e-9 for each in found for match in each.matches)


def test_a_zeroed_neuron_is_not_found_and_the_others_are_in_place(folders):
    found = rematched("places.claims.yaml", folders / "zeroed")
    for each in found:
        for match in each.matches:
            if match.old == GONE:
                assert (match.status, each.text, each.result) == ("not found", None, None)
            else:
                assert match.status == "still"
    assert {each.status for each in found} == {"still", "not found"}


def test_in_a_model_of_random_weights_nothing_is_found(folders):
    found = rematched("places.claims.yaml", folders / "random")
    assert {each.status for each in found} == {"not found"}


def test_claims_that_name_no_neuron_are_said_to_name_none(folders):
    found = rematched("seed-004-outliers.claims.yaml", folders / "same")
    bands = [each for each in found if each.claim.text.startswith("at least")]
    assert len(bands) == 6
    assert all("no neuron is named" in each.note and not each.matches for each in bands)
    assert all(each.status == "still" for each in found if each not in bands)


def test_a_claim_about_a_neuron_the_old_model_lacks_is_left_out_with_the_reason(folders, tmp_path):
    text = (CLAIMS / "places.claims.yaml").read_text(encoding="utf-8").replace("2:340", "9:340")
    shutil.copytree(CLAIMS / "prompts", tmp_path / "prompts")
    (tmp_path / "x.claims.yaml").write_text(text, encoding="utf-8")
    file = read_claim_file(tmp_path / "x.claims.yaml", templates())
    found = rematch(file, TwoModels("demo", str(folders / "same"), Path()), only=["hanoi", "vietnam"])
    assert [each.status for each in found] == [None, "still"]
    assert "no layer 9" in found[0].note


TEXTS = ["She lives in Hanoi.", "A tulip — größer — is red, is it not?", "The rebels started to fight.", "Oh"]


def test_tokens_are_told_apart_by_where_they_end():
    held = Held(open_model("demo", Path()), RunOptions())
    tokenizer = held.model.tokenizer
    for text, ends in held.ends(TEXTS).items():
        ids = tokenizer(text)["input_ids"]
        assert len(ends) == len(ids) - 1  # all but the token every text begins with
        for count, end in enumerate(ends, start=2):
            decoded = tokenizer.decode(ids[1:count])
            assert decoded == text[:end] or "�" in decoded  # a token may end within a character
    assert held.ends(["word " * 200]) == {}


def test_values_token_by_token_are_those_that_are_pooled_however_few_are_held_at_once(monkeypatch):
    source = open_model("demo", Path())
    held = Held(source, RunOptions())
    asked = {
        pool: Activations("mlp_post", 3, TokenRule(pool, "prompt"), tuple(TEXTS)) for pool in ("mean", "last")
    }
    answers = measure(source, list(asked.values()))
    ends = held.ends(TEXTS)
    wanted, _ = shared(ends, ends)
    for size in (2**26, 1):
        monkeypatch.setattr(tokenwise, "BYTES", size)
        steps = list(held.values("mlp_post", [3], {text: np.arange(len(ends[text])) for text in wanted}))
        assert len(steps) == (1 if size > 1 else len(TEXTS))
        for texts, layers in steps:
            rows = np.split(layers[3], np.cumsum([len(ends[text]) for text in texts])[:-1])
            for text, values in zip(texts, rows, strict=True):
                place = TEXTS.index(text)
                np.testing.assert_allclose(
                    values.mean(0), answers[asked["mean"]][place], rtol=1e-4, atol=1e-5
                )
                np.testing.assert_allclose(values[-1], answers[asked["last"]][place], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "y.yaml"], "let its name end in .claims.yaml"),
        (["-o", "nowhere/y.claims.yaml"], "There is no folder nowhere"),
        (["-k", "nothing"], "matches no claim"),
        (["--old", "./nothing"], "There is no folder"),
        ([], "is there already"),
        (["--force", "--dtype", "int8"], "dtype must be one of"),
        (["--force", "--device", "gpu"], "Did you mean cuda?"),
        (["--force", "--attention", "fast"], "attention must be one of sdpa, eager,"),
    ],
)
def test_what_cannot_be_done_is_one_clear_error(tmp_path, monkeypatch, capsys, arguments, message):
    shutil.copytree(CLAIMS / "prompts", tmp_path / "prompts")
    for name in ("x.claims.yaml", "x.rematched.claims.yaml"):
        (tmp_path / name).write_text(
            (CLAIMS / "places.claims.yaml").read_text(encoding="utf-8"), encoding="utf-8"
        )
    monkeypatch.chdir(tmp_path)
    if arguments and "-o" not in arguments:
        arguments = [*arguments, "--force"]
    assert main(["rematch", "x.claims.yaml", "--old", "demo", "--new", "demo", *arguments]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert told.count("\n") == 1
