import json
import re

import pytest
from demo_model.card import AIMS, wilson
from demo_model.evaluate import CARD
from demo_model.examine import Examinee, examination
from demo_model.prompts import TOPICS, pairs, prompts
from demo_model.world.facts import RELATIONS, facts

from neuronclaims.demo import MODEL_FOLDER

EVERY = 6


@pytest.fixture(scope="module")
def examinee():
    return Examinee(MODEL_FOLDER)


@pytest.fixture(scope="module")
def recorded():
    return json.loads((MODEL_FOLDER / "evaluation.json").read_text(encoding="utf-8"))["results"]


@pytest.fixture(scope="module")
def remeasured(examinee):
    seed = json.loads((MODEL_FOLDER / "training.json").read_text(encoding="utf-8"))["recipe"]["seed"]
    return examination(examinee, seed, every=EVERY)


def token_ids(examinee, text):
    return examinee.tokenizer(text, add_special_tokens=False)["input_ids"]


def test_folder_holds_a_whole_model_in_under_8_megabytes():
    names = {path.name for path in MODEL_FOLDER.iterdir()}
    assert {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
    } <= names
    assert sum(path.stat().st_size for path in MODEL_FOLDER.iterdir()) < 8_000_000


def test_model_is_a_gpt2_of_at_least_6_blocks_and_512_neurons(examinee):
    config = examinee.model.config
    assert config.model_type == "gpt2"
    assert config.n_layer >= 6
    for block in examinee.model.transformer.h:
        assert block.mlp.c_fc.weight.shape[1] >= 512
    assert len(examinee.tokenizer) == config.vocab_size


def test_special_tokens_are_the_tokenizers_and_the_models(examinee):
    tokenizer, config = examinee.tokenizer, examinee.model.config
    assert tokenizer.bos_token_id == tokenizer.eos_token_id == config.bos_token_id == config.eos_token_id
    assert tokenizer.pad_token_id == config.pad_token_id != config.eos_token_id
    assert tokenizer("Hanoi")["input_ids"][0] == tokenizer.bos_token_id
    assert set(tokenizer.all_special_ids) == {tokenizer.bos_token_id, tokenizer.pad_token_id}


@pytest.mark.parametrize(
    "text", ["Hanoi is the capital of Vietnam.", " an owl", "Zürich 東京\n\ttabs  and spaces", "", "🙂 <b>"]
)
def test_any_text_survives_the_tokenizer(examinee, text):
    ids = examinee.tokenizer(text)["input_ids"]
    assert examinee.tokenizer.decode(ids, skip_special_tokens=True) == text


def test_objects_of_facts_and_articles_are_single_tokens(examinee):
    objects = {fact.object for relation in RELATIONS for fact in facts(relation)}
    for word in objects | {"a", "an", "fight", "true", "false"}:
        assert len(token_ids(examinee, f" {word}")) == 1


@pytest.mark.parametrize("topic", ["tree_fruit", "animal_article"])
@pytest.mark.parametrize("split", ["discovery", "heldout"])
def test_clean_and_corrupted_prompts_have_equal_token_length_and_differ_in_one_place(examinee, topic, split):
    found = pairs(topic, split)
    assert len(found) >= 24
    assert len({pair.pair for pair in found}) == len(found)
    for pair in found:
        clean, corrupted = token_ids(examinee, pair.clean), token_ids(examinee, pair.corrupted)
        assert len(clean) == len(corrupted)
        assert sum(a != b for a, b in zip(clean, corrupted, strict=True)) == 1


def test_prompts_leave_room_for_20_generated_tokens(examinee):
    longest = max(
        len(examinee.tokenizer(prompt.text)["input_ids"])
        for topic in TOPICS
        for split in ("discovery", "heldout")
        for prompt in prompts(topic, split)
    )
    assert longest + 20 <= examinee.model.config.n_positions


@pytest.mark.parametrize("name", sorted(AIMS))
def test_capability_measured_again_on_fewer_probes_agrees_with_the_record(name, recorded, remeasured):
    low, high = wilson(remeasured[name]["share"], int(remeasured[name]["probes"]))
    assert low - 0.03 <= recorded[name]["share"] <= high + 0.03


@pytest.mark.parametrize("name", sorted(AIMS))
def test_recorded_capability_reaches_its_aim(name, recorded):
    assert recorded[name]["share"] >= AIMS[name][1]


def test_perplexity_is_as_recorded_and_less_than_a_quarter_of_the_unigram_models(recorded, remeasured):
    assert remeasured["language"]["perplexity"] == pytest.approx(recorded["language"]["perplexity"], rel=0.01)
    assert remeasured["language"]["perplexity"] * 4 < remeasured["language"]["unigram_perplexity"]


def test_card_says_what_the_record_says(recorded):
    text = CARD.read_text(encoding="utf-8")
    for name in AIMS:
        assert f"| {recorded[name]['share']:.3f} |" in text
    assert f"{recorded['language']['perplexity']:.2f}" in text
    listed = dict(re.findall(r"^\| (\S+\.\w+) \| ([\d,]+) \|$", text, re.MULTILINE))
    sizes = {path.name: f"{path.stat().st_size:,}" for path in MODEL_FOLDER.iterdir()}
    assert listed == sizes


def test_wilson_interval_is_the_published_one():
    stats = pytest.importorskip("statsmodels.stats.proportion")
    for right, count in ((0, 10), (7, 10), (290, 308), (50, 50)):
        expected = stats.proportion_confint(right, count, method="wilson")
        assert wilson(right / count, count) == pytest.approx(expected, abs=1e-12)
