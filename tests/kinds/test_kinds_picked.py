"""Searches over heads inside changes, on a model whose heads were set by hand: the one picked, its p and its interval.

Attention is uniform. Head 1:2 carries "dog" to what "tree" is read from, head 0:1 carries "cat" away from it, head 1:0
does as head 1:2 does to "river"; the other five do nothing.
"""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
import pytest
import torch
from changed_claims import one_writer
from null_histograms import nulls_of, share_beyond

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import kind_of, templates
from neuronclaims.kinds.shared.subjects.selection import neurons_searched
from neuronclaims.measurements import ModelFacts
from neuronclaims.models.sources import LoadedModel
from neuronclaims.study import Study

DOGS = [
    "dog dog dog cat the",
    "dog dog a big the",
    "dog the old red the",
    "dog dog dog a the",
    "dog cat a the the",
    "dog dog cat cat the",
    "dog big the the the",
    "dog dog cat the the",
]
HEADS = [(layer, head) for layer in (0, 1) for head in range(4)]
SIZE = 8


@cache
def model() -> LoadedModel:
    """Set what three heads carry; in layer 1 "cat" is told apart from other words by direction 3."""
    made = one_writer()
    body, ids = made.model.transformer, made.tokenizer.convert_tokens_to_ids
    with torch.no_grad():
        body.wte.weight[ids("cat"), 3], body.wte.weight[ids("cat"), 6] = 1.0, -1.0
        for layer, head, read, written in ((1, 2, 0, 4), (0, 1, 3, 9), (1, 0, 0, 5)):
            attention, number = body.h[layer].attn, head * SIZE
            attention.c_attn.weight[read, 64 + number] = 0.5
            attention.c_proj.weight[number, written], attention.c_proj.weight[number, 7] = 1.0, -1.0
        made.model.lm_head.weight[ids("tree"), 9] = -1.0
    return made


def changes() -> np.ndarray:
    """What ablating each head alone changes of the logit of "tree", by hooks of PyTorch: [prompts, heads]."""
    made = model()
    token = made.tokenizer.convert_tokens_to_ids("tree")

    def logit(text: str, ablated: tuple[int, int] | None = None) -> float:
        def hook(_, given):
            values = given[0].clone()
            values[..., ablated[1] * SIZE : (ablated[1] + 1) * SIZE] = 0.0
            return (values,)

        handles = []
        if ablated is not None:
            projection = made.model.transformer.h[ablated[0]].attn.c_proj
            handles = [projection.register_forward_pre_hook(hook)]
        with torch.no_grad():
            found = made.model(**made.tokenizer(text, return_tensors="pt")).logits[0, -1, token]
        for handle in handles:
            handle.remove()
        return float(found)

    return np.array([[logit(text, head) - logit(text) for head in HEADS] for text in sorted(DOGS)])


def read(folder, *claims: str, head: str = ""):
    path = folder / "x.claims.yaml"
    path.write_text(
        "version: 1\nmodels: [handed]\nsite: mlp_post\ntokens: last of prompt\ncorrection: none\n"
        f"sets: {{dogs: {DOGS}, spare: [he saw it, she sang]}}\n"
        "pairs:\n  swaps:\n"
        + "".join(f"  - {{clean: {text}, corrupted: {text.replace('dog', 'cat')}}}\n" for text in DOGS)
        + f"{head}claims:\n"
        + "".join("  - {}\n".format(claim.replace("' tree'", '" tree"')) for claim in claims)
    )
    return read_claim_file(path, templates())


def t_of(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=-2) / (values.std(axis=-2, ddof=1) / np.sqrt(values.shape[-2]))


def test_the_head_that_does_the_most_is_named_and_tested_against_all(tmp_path):
    claims = [
        "ablating some head lowers ' tree' in dogs",
        "ablating some head raises ' tree' in dogs",
        "ablating some head of layer 0 raises ' tree' in dogs",
        "ablating some head lowers ' tree' in dogs for at least 60% of prompts",
        "restoring some head of layer 1 recovers at least 20% of ' tree' in swaps",
        "{claim: ablating head 1:2 lowers ' tree' in dogs, searched: all layers, id: named}",
        "ablating some head lowers ' tree' in dogs by at least 0.1",
    ]
    results = list(Study(models={"handed": model()}).judge(read(tmp_path, *claims), "handed").values())
    assert [result.error for result in results] == [None] * 7
    lowers, raises, layer, often, restored, named, least = (result.evidence for result in results)
    found, notes = changes(), [" ".join(each.evidence.notes) for each in results]
    moving = np.abs(found).sum(axis=0) > 1e-4
    assert [head for head, moves in zip(HEADS, moving, strict=True) if moves] == [(0, 1), (1, 0), (1, 2)]
    for place, head in ((0, "1:2"), (1, "0:1"), (2, "0:1"), (3, "1:2"), (4, "1:2"), (6, "1:2")):
        assert f"heads: head {head}." in notes[place], claims[place]
    for evidence, place, many in ((lowers, 6, 8), (raises, 1, 8), (layer, 1, 4), (named, 6, 8)):
        assert evidence.effect.value == pytest.approx(found[:, place].mean(), rel=1e-4)
        assert (evidence.selection.what, evidence.selection.neurons) == ("head", many)
        assert evidence.effect.level == pytest.approx(1 - 0.05 / many)
        assert f"widened for the {many} heads searched" in evidence.effect.method
    assert named.test.p_value == lowers.test.p_value
    assert (named.effect.low, named.effect.high) == (lowers.effect.low, lowers.effect.high)
    # The test: the lowest t of all heads that move anything, under each of the 256 flips of the prompts' signs.
    [null] = nulls_of(results[0])
    flips = np.array(list(product([1.0, -1.0], repeat=len(DOGS))))
    lowest = t_of(flips[:, :, None] * found[:, moving]).min(axis=1)
    assert null.observed == pytest.approx(t_of(found[:, 6:])[0], rel=1e-3)
    assert share_beyond(null, lowest, low=True) == pytest.approx(
        np.mean(lowest <= null.observed * (1 - 1e-6)), abs=1e-9
    )
    assert often.effect.value == 1.0
    assert restored.selection.neurons == 4
    assert least.effect.value == lowers.effect.value


def test_one_head_costs_a_sweep_of_its_layers_and_no_run_of_its_own(tmp_path):
    [claim] = read(tmp_path, "ablating some head of layers 1 to 2 lowers ' tree' in dogs").claims
    facts = ModelFacts("m", "GPT-2", 3, {"mlp_post": 8, "attn_z": 32}, causal=True, heads=4)
    needs = kind_of(claim.sentence).needs(claim, facts)
    assert [(type(need).__name__, need.layer) for need in needs] == [
        ("AblationSweep", 1),
        ("AblationSweep", 2),
    ]
    assert [need.need.passes(facts) for need in needs] == [
        ("sweeps", pytest.approx(4 * 2 / 3)),
        ("sweeps", pytest.approx(4 / 3)),
    ]
    assert neurons_searched(claim, facts) == 8


REFUSED = [
    ("adding 4 to some head raises ' tree' in dogs", "there is no one number to add"),
    ("ablating some head and head 0:1 lowers ' tree' in dogs", "nothing else is changed with it"),
    ("ablating some heads lowers ' tree' in dogs", "'head'"),
    ("{claim: ablating some head lowers ' tree' in dogs, searched: all layers}", "leave 'searched' out"),
    ("{claim: ablating some head does not lower ' tree' in dogs, margin: 0.5}", "name the head"),
    ("scaling some head by 0, 2 raises ' tree' in dogs", "no trends"),
    ("ablating some head raises loss of dogs", "not loss"),
    ("ablating some head lowers ' tree' in dogs more than random heads do", "leave this out"),
    ("{claim: ablating some head lowers ' tree' in dogs, damage: spare}", "no harm elsewhere"),
    ("ablating some head lowers ' tree' in dogs more than in spare", "name one set"),
]


def test_what_is_not_known_of_all_heads_is_refused_at_its_line(tmp_path):
    for refused in (
        REFUSED[:3],
        REFUSED[3:4],
        REFUSED[4:],
    ):  # which are found in different readings of a file
        with pytest.raises(ClaimFileError) as error:
            read(tmp_path, *(claim for claim, _ in refused))
        problems = error.value.problems
        assert [problem.place.line for problem in problems] == [
            problems[0].place.line + place for place in range(len(refused))
        ]
        for problem, (claim, said) in zip(problems, refused, strict=True):
            assert said in str(problem), claim
            assert problem.excerpt is not None
