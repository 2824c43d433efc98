"""Claims about named tokens on the demo model: what is shown is what was measured, by plain hooks of PyTorch."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from neuronclaims import judge
from neuronclaims.baselines.content import content_of
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.tokens_asked import tokens_in_words

SENTENCE = "neuron 2:340 activates more for hanoi than rome"
PLACES = {"hanoi": "Hanoi", "rome": "Rome"}
TEXTS = (
    ("{} is old and we like it", "old"),
    ("We flew to {} from the sea", "sea"),
    ("Food in {} was new to the man", "man"),
    ("A cat saw {} at night", "cat"),
)


def claim_file(folder: Path, *rules: str) -> Path:
    rows = ["text,thing,label"]
    rows += [
        f"{text.format(place)},{thing},{name}" for name, place in PLACES.items() for text, thing in TEXTS
    ]
    (folder / "p.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    sets = "".join(f"  {name}: {{file: p.csv, column: text, where: {{label: {name}}}}}\n" for name in PLACES)
    claims = "".join(
        f"  - {{claim: {SENTENCE}, id: c{number}, tokens: {json.dumps(rule)}}}\n"
        for number, rule in enumerate(rules)
    )
    path = folder / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [demo]\nsite: mlp_post\nsets:\n{sets}claims:\n{claims}", encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def demo():
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = Path(__file__).parents[1] / "neuronclaims" / "demo" / "model"
    return AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)


def values(demo, text: str) -> np.ndarray:
    """The values of neuron 2:340 at every token, special ones included."""
    model, tokenizer = demo
    kept: list[torch.Tensor] = []
    out = model.transformer.h[2].mlp.c_proj
    handle = out.register_forward_pre_hook(lambda _, args: kept.append(args[0][0, :, 340].clone()))
    with torch.no_grad():
        model(torch.tensor([tokenizer(text)["input_ids"]]))
    handle.remove()
    return kept[0].double().numpy()


def test_what_is_shown_is_what_was_read(tmp_path: Path, demo) -> None:
    rules = (
        "last of thing",
        "first of thing",
        "token 2 of prompt",
        "value at bos",
        'last of every "a"',
        "max of prompt including special tokens",
    )
    _, tokenizer = demo
    for result, rule in zip(judge(claim_file(tmp_path, *rules), cache=None), rules, strict=True):
        assert result.error is None
        assert result.tokens == rule
        means = {}
        for reading, (name, place) in zip(result.readings, PLACES.items(), strict=True):
            assert (reading.set, reading.changed, reading.rule, reading.prompts) == (name, False, rule, 4)
            texts = {text.format(place): thing for text, thing in TEXTS}
            own = []
            for text, thing in texts.items():
                ids = tokenizer(text)["input_ids"]
                offsets = tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
                start = text.index(thing)
                inside = [
                    number
                    for number, (first, end) in enumerate(offsets)
                    if first < start + len(thing) and start < end
                ]
                with_a = [number for number, (first, end) in enumerate(offsets) if "a" in text[first:end]]
                places = {
                    "last of thing": inside[-1:],
                    "first of thing": inside[:1],
                    "token 2 of prompt": [2],
                    "value at bos": [0],
                    'last of every "a"': with_a[-1:],
                    "max of prompt including special tokens": list(range(len(ids))),
                }[rule]
                own.append(values(demo, text)[places].max())
                expected = (tuple(places[:8]), len(places))
                assert expected in [(each.places, each.count) for each in reading.shown], (rule, text)
            means[name] = np.mean(own)
        assert result.evidence is not None
        difference = means["hanoi"] - means["rome"]
        np.testing.assert_allclose(result.evidence.effect.value, difference, rtol=1e-4, atol=1e-5)


IN_WORDS = {
    "{claim: neuron 1:2 activates more for a than b}": "last of prompt",
    "{claim: neuron 1:2 is an outlier beyond 6 in at least 5% of tokens in a}": "all of prompt",
    "{claim: at least 90% of layer 1 lies within 1 of zero in a}": "all of prompt",
    "{claim: head 1:2 attends to bos from all of prompt in a with at least 50%}": "from prompt to bos",
    "{claim: head 1:2 attends more to the previous token than to itself from last of prompt in a}": "from last of "
    "prompt to the previous token and to itself",
    "{claim: 'ablating neuron 1:2 lowers \" x\" in a', at: last of prompt}": "changed: last of prompt; read: last of "
    "prompt",
    "{claim: ablating head 1:2 raises loss of a, loss_at: last of prompt}": "changed: all; read: last of prompt",
    "{claim: ablating neuron 1:2 raises loss of a}": "changed: all; read: all",
    "{claim: 'ablating neuron 1:2 lowers continuations that contain \" x\" in a', generate: {max_new_tokens: 3}}": (
        "changed: all; read: all of generated"
    ),
    "{claim: neuron 1:2 goes with position in a}": "all",
    "{claim: 'neuron 1:2 predicts \" x\" in a'}": "all",
    "{claim: way activity is higher for a than b over tokens 1 to 2}": "tokens 1 to 2 of prompt",
    "{claim: way activity is higher for a than b}": "last of prompt",
}


def test_reports_say_the_tokens_that_are_read_and_changed_not_the_rule_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "x.claims.yaml"
    sets = ", ".join(f"{name}: [{', '.join(f'{name} {n} z' for n in range(3))}]" for name in "abcdn")
    path.write_text(
        "version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: last of prompt\n"
        "directions: {way: {from: [c, d], method: mean difference, neutral: n}}\n"
        f"sets: {{{sets}}}\nclaims:\n" + "".join(f"  - {claim}\n" for claim in IN_WORDS)
    )
    claims = read_claim_file(path, templates()).claims
    assert [tokens_in_words(claim) for claim in claims] == list(IN_WORDS.values())


def test_what_every_token_counts_for_is_not_listed(tmp_path: Path) -> None:
    (result,) = judge(claim_file(tmp_path, "mean of prompt"), cache=None)
    assert result.readings == ()
    (result,) = judge(claim_file(tmp_path, "last of prompt"), cache=None)
    marked = [each.shown[0].marked for each in result.readings]
    assert marked == ["Hanoi is old and we like[ it]", "Rome is old and we like[ it]"]


def test_the_largest_values_of_a_model_are_at_its_first_token(tmp_path: Path) -> None:
    """On stories260k the largest values sit on BOS, which no claim saw before special tokens could be asked for."""
    folder = Path(__file__).parents[1].parent / "shared" / "models" / "stories260k"
    if not folder.is_dir():
        pytest.skip("../shared/models/stories260k is not here")
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model, tokenizer = (
        AutoModelForCausalLM.from_pretrained(folder).eval(),
        AutoTokenizer.from_pretrained(folder),
    )
    texts = ["Tom was a small boy", "She saw a big red dog", "It was a very nice day", "The sun was warm"]
    texts += ["Lily likes to play", "One day he ran away", "They went to the park", "Mom made a cake"]
    layer, sizes = 3, []
    with torch.no_grad():
        states = [
            model(torch.tensor([tokenizer(text)["input_ids"]]), output_hidden_states=True) for text in texts
        ]
    sizes = [state.hidden_states[layer + 1][0].abs() for state in states]
    index = int(torch.stack([size[0] for size in sizes]).mean(0).argmax())
    rest = max(float(size[1:, index].max()) for size in sizes)
    first = min(float(size[0, index]) for size in sizes)
    assert first > rest
    bound = (first + rest) / 2
    path = tmp_path / "bos.claims.yaml"
    sentence = f"neuron {layer}:{index} is an outlier beyond {bound:.4f} in at least"
    path.write_text(
        f"version: 1\nmodels: [{folder}]\nsite: resid_post\nsets: {{prose: {json.dumps(texts)}}}\nclaims:\n"
        f"  - {{claim: {sentence} 5% of tokens in prose, id: with, tokens: mean of prompt including special tokens}}\n"
        f"  - {{claim: {sentence} 5% of tokens in prose, id: without, tokens: mean of prompt}}\n"
        f"  - {{claim: {sentence} 5% of tokens in prose, id: alone, tokens: value at bos}}\n",
        encoding="utf-8",
    )
    found = {result.id: result for result in judge(path, cache=None)}
    shares = {name: result.evidence.effect.value for name, result in found.items() if result.evidence}
    assert shares == {
        "with": pytest.approx(np.mean([1 / len(size) for size in sizes])),
        "without": 0.0,
        "alone": 1.0,
    }
    assert found["alone"].verdict == "supported"


def test_pairs_of_unequal_length_are_judged_at_named_tokens(tmp_path: Path) -> None:
    trees = {"olive": "coconut", "almond": "cherry", "orange": "lemon", "apple": "pear"}
    pairs = [
        {
            "clean": f"{begin} the {'old ' * (place % 2)}{clean} tree and picked",
            "corrupted": f"{begin} the {other} tree and picked",
            "spans": {"clean_fruit": clean, "corrupted_fruit": other},
        }
        for begin in ("He climbed up", "Tom stood under")
        for place, (clean, other) in enumerate(trees.items())
    ]
    path = tmp_path / "pairs.claims.yaml"
    sentence = 'restoring neuron 5:461 recovers at least 1% of " an" over " a" in fruit'
    path.write_text(
        f"version: 1\nmodels: [demo]\nsite: mlp_post\ntokens: last of prompt\npairs: {{fruit: {json.dumps(pairs)}}}\n"
        f"claims:\n  - {{claim: {json.dumps(sentence)}, id: all}}\n"
        f"  - {{claim: {json.dumps(sentence)}, id: last, at: last}}\n"
        f"  - {{claim: {json.dumps(sentence)}, id: fruit, at: last of fruit}}\n",
        encoding="utf-8",
    )
    found = {result.id: result for result in judge(path, cache=None)}
    assert found["all"].error is not None
    assert "must have equally many tokens where all are changed" in found["all"].error
    for name, said in {
        "last": "at the last token of the text",
        "fruit": "the tokens 'last of fruit'",
    }.items():
        result = found[name]
        assert result.error is None
        assert result.evidence is not None
        assert any(said in note for note in result.evidence.notes)
        assert [each.changed for each in result.readings] == [True]


def test_what_a_claim_asks_is_another_thing_where_its_rows_name_other_texts(tmp_path: Path) -> None:
    def content(rule: str, other: str = "") -> str:
        path = claim_file(tmp_path, rule)
        rows = (tmp_path / "p.csv").read_text(encoding="utf-8")
        rows = rows.replace(",sea,", f",{other or 'sea'},")
        (tmp_path / "p.csv").write_text(rows, encoding="utf-8")
        return content_of(read_claim_file(path, templates()).claims[0])

    assert content("last of thing") != content("last of thing", "from the sea")
    assert content("last of prompt") == content("last of prompt", "from the sea")
