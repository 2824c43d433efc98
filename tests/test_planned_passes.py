"""What claims cost on models of the usual shapes, in forwards of the whole model per text, as docs/performance.md says.

``python tests/test_planned_passes.py`` writes the table into the page anew, as it must be after a new kind of claim.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.engines.cost import cost_of
from neuronclaims.kinds import kind_of, templates
from neuronclaims.models.sources import open_model

sys.path.insert(0, str(Path(__file__).parent / "kinds"))
sys.path.insert(0, str(Path(__file__).parent / "models"))

PAGE = Path(__file__).parents[1] / "docs/performance.md"
LLAMA = {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 32000}
SHAPES = {
    "GPT-2": {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "n_layer": 12,
        "n_embd": 768,
        "n_head": 12,
        "vocab_size": 50257,
    },
    "Llama-7B": LLAMA
    | {
        "num_hidden_layers": 32,
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_attention_heads": 32,
    },
    "Llama-70B": LLAMA
    | {
        "num_hidden_layers": 80,
        "hidden_size": 8192,
        "intermediate_size": 28672,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
    },
}
LAYERS = {"GPT-2": 12, "Llama-7B": 32, "Llama-70B": 80}
ABLATED = 'ablating neuron 0:3 lowers " tree" over " river" in dogs'
OUTCOMES: dict[str, tuple[str, dict[str, object]]] = {
    "ablation, of a loss": ("ablating neuron 0:3 raises loss of dogs", {}),
    "ablation, of a loss in two sets": ("ablating neuron 0:3 raises loss of dogs more than of cats", {}),
    "ablation, of what is written (without the tokens written)": (
        'ablating neuron 0:3 lowers continuations that begin with "tree" in dogs',
        {"generate": {"max_new_tokens": 20}},
    ),
}
"""What is read of whole texts, and what is written."""
DEAR: dict[str, tuple[str, dict[str, object]]] = {
    "ablation, its whole layer (`controls: layer`)": (ABLATED, {"controls": "layer"}),
    "ablation, searched in its layer": (ABLATED, {"searched": "layer 0"}),
    "ablation, of some head of all layers": (
        'ablating some head lowers " tree" over " river" in dogs',
        {},
    ),
}
"""What costs more, as it says: all neurons of a layer, each by itself."""


def passes_per_text(
    folder: Path,
    shape: str,
    claim: str,
    settings: dict[str, object],
    layer: int | None = None,
    size: int = 15,
) -> float:
    """Return how many forwards a claim plans per different text; its layer 0 becomes ``layer``, the middle if None.

    Sets have ``size`` texts.
    """
    from test_kinds_known_model import PAIRS, SETS

    model = folder / shape
    model.mkdir(exist_ok=True)
    (model / "config.json").write_text(json.dumps(SHAPES[shape]))
    (model / "model.safetensors").write_bytes(b"")
    layer = LAYERS[shape] // 2 if layer is None else layer
    entry = json.dumps({"claim": claim, **settings})
    entry = re.sub(r"\blayer 0\b", f"layer {layer}", re.sub(r"\b0:(\d)", rf"{layer}:\1", entry))
    sets = {name: [*texts, *(f"now {text}" for text in texts)][:size] for name, texts in SETS.items()}
    more = [{side: f"now {text}" for side, text in pair.items()} for pair in PAIRS["animals"]]
    pairs = {"animals": [*PAIRS["animals"], *more][:size]}
    path = folder / "x.claims.yaml"
    path.write_text(
        f"version: 1\nmodels: [{shape}]\nsite: mlp_post\ntokens: last of prompt\n"
        f"sets: {json.dumps(sets)}\npairs: {json.dumps(pairs)}\n"
        "directions: {doggy: {from: [fit_dogs, fit_cats], method: mean difference, neutral: neutral}}\n"
        f"claims: [{entry}]\n"
    )
    file = read_claim_file(path, templates())
    facts = open_model(shape, folder, {}, weights=False).facts()
    needs = kind_of(file.claims[0].sentence).needs(file.claims[0], facts)
    cost = cost_of(facts, needs)
    texts = len({text for need in needs if need.request for text in texts_of(need.request.items)})
    return sum(cost.passes.values()) / max(texts, 1)


def texts_of(items: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts of items, of which a pair has two."""
    for item in items:
        yield from json.loads(item) if item.startswith("[") else [item]


def asked() -> Iterator[tuple[str, str, dict[str, object]]]:
    """Yield what a claim is called, the claim and its settings: one of each kind, and those that cost more."""
    from test_kinds_known_model import CLAIMS

    for name, (claim, _, _, settings) in CLAIMS.items():
        if "," not in name:
            yield name, claim, settings
    for name, (claim, settings) in (OUTCOMES | DEAR).items():
        yield name, claim, settings


def table(folder: Path) -> list[str]:
    """Return the table of the page, line by line."""
    rows = [f"| claim | {' | '.join(SHAPES)} |", f"|---|{'---|' * len(SHAPES)}"]
    for name, claim, settings in asked():
        each = (passes_per_text(folder, shape, claim, settings) for shape in SHAPES)
        rows.append(f"| {name} | {' | '.join(f'{passes:,.2f}' for passes in each)} |")
    return rows


def test_the_page_says_what_each_kind_plans(tmp_path):
    said = PAGE.read_text(encoding="utf-8")
    made = table(tmp_path)
    assert "\n".join(made) in said, "the page has another table; it would be:\n" + "\n".join(made)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [5, 20])
def test_a_claim_of_changed_neurons_costs_at_most_four_forwards_per_text_in_any_layer(tmp_path, shape, size):
    claims = [
        'ablating neuron 0:3 lowers " tree" over " river" in dogs',
        'ablating neurons 0:3, 0:7 raises " tree" in dogs',
        'restoring neuron 0:3 recovers at least 90% of " tree" over " river" in animals',
    ]
    last = LAYERS[shape] - 1
    for claim in claims:
        for layer in (0, 1, last // 2, last - 1, last):
            assert 2 < passes_per_text(tmp_path, shape, claim, {}, layer, size) <= 4
    for claim, settings in OUTCOMES.values():
        for layer in (0, last // 2, last):
            assert 2 < passes_per_text(tmp_path, shape, claim, settings, layer, size) <= 4
    spread = f'ablating neurons 0:3, {last}:3 lowers " tree" over " river" in dogs'
    assert passes_per_text(tmp_path, shape, spread, {}, 0, size) <= 4


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    start = page.index("| claim |")
    with TemporaryDirectory() as made_in:
        rows = "\n".join(table(Path(made_in)))
    PAGE.write_text(page[:start] + rows + page[page.index("\n\n", start) :], encoding="utf-8")
