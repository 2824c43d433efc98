"""Planning: what a run would take, told from config.json alone, and what a dry run says and does with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from shapes import save_random

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.cost import cost_of, refused
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import (
    Ablation,
    Activations,
    Congruence,
    Generation,
    Pair,
    Prediction,
    Readout,
    Restoration,
    RestorationSweep,
    TokenRule,
)
from neuronclaims.models.sources import LoadedModel, open_model
from neuronclaims.models.tokenization_check import check_tokenization

LAYERS, HIDDEN, INNER = 4, 8, 12
PROMPTS = tuple(f"the {noun} sat on a tree" for noun in ("cat", "dog", "owl", "ape", "ant", "bee"))
PAIRS = tuple(
    Pair(f"I saw the {one} and", f"I saw the {two} and") for one, two in (("ape", "dog"), ("owl", "cat"))
)
DOCUMENTS = ("an owl and an ape sat", "a cat and an ant")
ARTICLE = Prediction(" an", " a")
ASKED = (
    Activations("resid_post", 1, TokenRule("mean", "prompt"), PROMPTS),
    Activations("mlp_post", 0, TokenRule("max", "prompt"), PROMPTS[:2]),
    Activations("resid_post", 0, TokenRule("last", "generated"), PROMPTS[:3], Generation(5)),
    RestorationSweep("mlp_post", 3, ARTICLE, PAIRS),
    Restoration("mlp_post", ((3, 1), (2, 0)), ARTICLE, PAIRS),
    Ablation("mlp_post", ((1, 7),), "mean", ARTICLE, PROMPTS[:4], DOCUMENTS),
    Readout("mlp_post", 2, 5, " an", (0.0, 1.0), DOCUMENTS),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    numbers = {"n_layer": LAYERS, "n_embd": HIDDEN, "n_head": 2, "n_inner": INNER, "n_positions": 32}
    texts = (*PROMPTS, *DOCUMENTS, *(text for pair in PAIRS for text in (pair.clean, pair.corrupted)))
    return save_random("GPT2", numbers, texts, tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture
def source(folder: Path):
    return open_model(str(folder), Path("."))


def test_passes_and_places_are_those_of_a_count_by_hand(source) -> None:
    future = cost_of(source.facts(), ASKED)
    # Three prompts generate, and so go all the way up; of the others, two layers of four are enough.
    assert future.passes["activations"] == 3 + 3 * 2 / 4
    assert future.generated == 3 * 5
    # Two pairs: clean, corrupted, restored. Four prompts: before, after. Each of 12 neurons: the top layer of four.
    assert future.passes["changed predictions"] == 2 * 3 + 4 * 2
    assert future.passes["sweeps"] == 2 * 12 / 4
    assert (future.passes["reference texts"], future.passes["documents"]) == (2, 2)
    assert future.texts == {"prompt": 6, "changed text": 6, "document": 2}
    assert future.places == {"resid_post": (0, 1), "mlp_post": (0, 1, 2, 3)}
    assert future.weights == 0


def test_bytes_to_be_kept_are_those_that_a_run_keeps(source, tmp_path: Path) -> None:
    from safetensors import safe_open

    measure(source, ASKED, cache=RunCache(tmp_path))
    kept = 0
    for shard in tmp_path.rglob("*.safetensors"):
        with safe_open(str(shard), framework="np") as file:
            kept += sum(file.get_tensor(name).nbytes for name in file.keys())  # noqa: SIM118
    assert kept == cost_of(source.facts(), ASKED).stored


@pytest.mark.usefixtures("without_proofs")
def test_passes_agree_with_what_goes_through_the_blocks_of_a_run(folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).eval()
    rows = []

    def count(block, given, _) -> None:
        if "forward" not in block.__dict__:  # a sweep passes over the blocks below by hiding theirs
            rows.append(given[0].shape[0] * given[0].shape[1])

    for block in model.transformer.h:
        block.register_forward_hook(count)
    handed = LoadedModel(model, AutoTokenizer.from_pretrained(folder))
    source = open_model("tiny", folder, {"tiny": handed})
    sweep = RestorationSweep("mlp_post", 2, ARTICLE, PAIRS)
    measure(source, [sweep])
    length = len(handed.tokenizer(PAIRS[0].clean)["input_ids"])
    # The first three tokens are the same in both texts of a pair, so a sweep need not run them again.
    swept = 2 * INNER * (length - 3) * 2
    planned = cost_of(source.facts(), [sweep]).passes
    assert planned == {"changed predictions": 4, "sweeps": 2 * INNER * 2 / LAYERS}
    before = 4 * length * LAYERS
    checks = (
        2 * length + 2 * 3
    ) * LAYERS  # the head, one neuron in an ordinary run, what comes before the sweep
    assert sum(rows) == before + swept + checks


def test_a_shape_refuses_what_it_does_not_have(source) -> None:
    facts = source.facts()
    assert "no layer 4" in refused(facts, Congruence(4, 0, None))
    assert "neurons 0 to 11" in refused(facts, Congruence(0, 12, None))
    assert "layer 3" in refused(facts, Activations("final_norm", 1, TokenRule("last", "prompt"), PROMPTS))
    assert [refused(facts, asked) for asked in ASKED] == [None] * len(ASKED)


def test_a_tokenizer_refuses_what_it_cannot_write(source) -> None:
    longer = Pair("I saw the ape and", "I saw the dog and the")
    few = (
        Restoration("mlp_post", ((0, 0),), ARTICLE, (longer,)),
        Restoration("mlp_post", ((0, 0),), Prediction(" an ape"), PAIRS),
        Activations("resid_post", 0, TokenRule("last", "generated"), PROMPTS, Generation(30)),
    )
    found = check_tokenization(source, (*ASKED, *few))
    assert [found.refused[asked].split(",")[0] for asked in few] == [
        "The texts of a pair must have equally many tokens where all are changed",
        "' an ape' is no single token of tiny; its tokenizer makes 2 of it: ' an'",
        "The prompt 'the cat sat on a tree' has 6 tokens and 30 new ones",
    ]
    assert len(found.refused) == 3
    # Six prompts of 6 tokens, two pairs of 5 each, documents of 6 and 5 tokens, and one text of 6 that is too long.
    assert found.tokens == 6 * 6 + 4 * 5 + 6 + 5 + 6


CONFIG = {"model_type": "gpt2", "n_layer": 2, "n_embd": 6, "n_head": 2, "n_positions": 64, "vocab_size": 9}
MANY = [f"{name} is tall" for name in "abcdefgh"]
FEW = ["x is small", "y is small"]


def write(folder: Path, *claims: str, models: str = "model", head: str = "") -> None:
    (folder / "model").mkdir(exist_ok=True)
    (folder / "model" / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    lines = ["version: 1", f"models: [{models}]", head, "site: resid_post", "tokens: mean of prompt"]
    lines += [f"sets: {json.dumps({'tall': MANY, 'few': FEW, 'more': [t + '!' for t in MANY]})}", "claims:"]
    text = "\n".join([*lines, *(f"  - {claim}" for claim in claims)]) + "\n"
    (folder / "x.claims.yaml").write_text(text, encoding="utf-8")


GOOD = "neuron 1:5 activates more for tall than more"


def test_a_dry_run_runs_nothing_and_needs_no_weights(run, pytester: pytest.Pytester) -> None:
    write(pytester.path, GOOD)
    done = run("--claims-dry-run")
    assert done.ret == 0
    done.stdout.fnmatch_lines(
        [
            "*<ClaimItem *",
            "model: GPT-2, 2 layers, 6 neurons per layer at *; its weights are not here",
            "  x.claims.yaml: 1 claim (1 contrast)",
            "  reads resid_post of layer 1",
            "  runs 16 prompts",
            "  keeps 384 bytes in the run cache*",
            "  not known without its tokenizer.json: how long texts are",
        ]
    )
    assert not (pytester.path / ".neuronclaims").exists()


def test_a_dry_run_fails_for_a_claim_that_cannot_be_put_and_names_one_that_cannot_pass(run, pytester) -> None:
    write(pytester.path, GOOD, "neuron 1:6 activates more for tall than more")
    done = run("--claims-dry-run")
    assert done.ret == 1
    done.stdout.fnmatch_lines(["    x.claims.yaml:*: cannot be put to this model: model has no neuron 1:6*"])
    write(pytester.path, GOOD, *(f"neuron 1:{index} activates more for few than tall" for index in (3, 4, 5)))
    done = run("--claims-dry-run")
    assert done.ret == 0
    said = "cannot be supported: with 2 prompts and 8 prompts*(so it is with 1-4-more-few-*, 1-5-more-few-*)"
    done.stdout.fnmatch_lines([f"    x.claims.yaml:9: {said}"])
    done.stdout.no_fnmatch_line("    x.claims.yaml:10: cannot*")


@pytest.mark.parametrize(("head", "code"), [("", 1), ("if_missing: skip", 0)])
def test_a_missing_model_fails_unless_the_file_says_otherwise(run, pytester, head, code) -> None:
    write(pytester.path, GOOD, models="nobody/nothing@v2", head=head)
    said = "nobody/nothing@v2 is not on this machine; download it with 'hf download nobody/nothing --revision v2'"
    planned = run("--claims-dry-run")
    assert planned.ret == code
    planned.stdout.fnmatch_lines([f"*{said}*"])
    ran = run("-rs")
    assert ran.ret == code
    if code:
        ran.stdout.fnmatch_lines(["*No model 'nobody/nothing'*"])
    else:
        ran.assert_outcomes(skipped=1)
        ran.stdout.fnmatch_lines([f"SKIPPED*{said}*--claims-model nobody/nothing@v2=FOLDER*"])


def test_a_model_of_which_only_small_files_were_fetched_is_missing_but_half_a_model_is_broken(
    run, pytester, nothing_downloaded: Path
) -> None:
    write(pytester.path, GOOD, models="nobody/nothing", head="if_missing: skip")
    snapshot = nothing_downloaded / "models--nobody--nothing" / "snapshots" / "main"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    run().assert_outcomes(skipped=1)
    assert run("--claims-dry-run").ret == 0
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (snapshot / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    broken = run()
    assert broken.ret == 1
    broken.stdout.fnmatch_lines(["*lacks weights its index names*"])


def test_a_folder_can_be_named_for_a_model_on_the_command_line_or_in_the_configuration(run, pytester) -> None:
    write(pytester.path, GOOD, models="nobody/nothing")
    named = "nobody/nothing: GPT-2, 2 layers*"
    run("--claims-dry-run", "--claims-model=nobody/nothing=model").stdout.fnmatch_lines([named])
    (pytester.path / "pytest.ini").write_text("[pytest]\nclaims_model =\n    nobody/nothing = model\n")
    run("--claims-dry-run").stdout.fnmatch_lines([named])
    for wrong, said in (("nobody", "must be NAME=FOLDER"), ("x=nowhere", "there is no folder *nowhere")):
        refused_ = run(f"--claims-model={wrong}")
        assert refused_.ret == pytest.ExitCode.USAGE_ERROR
        refused_.stderr.fnmatch_lines([f"*--claims-model*{said}*"])
