"""What the error of a measurement that could not be made says of it."""

from __future__ import annotations

from cases import for_each

from neuronclaims.measurements import (
    Ablation,
    Activations,
    Congruence,
    LabelCounts,
    Pair,
    Prediction,
    Readout,
    RestorationSweep,
    TokenRule,
    Vocabulary,
)
from neuronclaims.measurements.measurement import describe

AN = Prediction(" an", " a")
MEAN = TokenRule("mean", "prompt")


def layer(number: int, *prompts: str) -> Activations:
    return Activations("mlp_post", number, MEAN, prompts)


@for_each(
    "needs, said",
    [
        ([layer(3, "a", "b")], "activations at mlp_post, mean of prompt; layer 3; 2 prompts"),
        (
            [layer(3, "a"), layer(5, "a"), layer(9, "a")],
            "activations at mlp_post, mean of prompt; layers 3, 5 and 9; 1 prompt",
        ),
        (
            [*(layer(n, "a", "b") for n in range(32)), layer(0, "b", "c"), Vocabulary()],
            "activations at mlp_post, mean of prompt; layers 0 to 31; 3 prompts; and 1 more",
        ),
        (
            [Ablation("mlp_out", ((2, 7), (4, 1)), "zero", AN, ("a",))],
            "ablated neurons at mlp_out; layers 2 and 4; 1 prompt",
        ),
        (
            [RestorationSweep("attn_out", 2, AN, (Pair("a", "b"), Pair("a", "c")))],
            "restored neurons at attn_out; layer 2; 2 pairs",
        ),
        (
            [Readout("mlp_post", 1, 5, " an", (0.0,), ("a",))],
            "a neuron beside the top prediction at mlp_post; layer 1; 1 document",
        ),
        (
            [LabelCounts("mlp_post", 1, 5, "noun", (0.0,), ("a",))],
            "a neuron beside labels at mlp_post; layer 1; 1 document",
        ),
        ([Congruence(1, 5, None)], "output weights; layer 1"),
        ([Vocabulary()], "the vocabulary"),
    ],
)
def test_a_measurement_is_told_by_place_rule_and_number_of_texts(needs, said):
    assert describe(needs) == said
