"""What claims of every kind cannot show with their prompts, and what they can, said before any model runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.planning.announcements import planned_effects, unreachable

HEAD = ["version: 1", "models: [some]", "site: mlp_post", "tokens: last of prompt"]


@pytest.fixture
def read(tmp_path: Path):
    def make(claim: str, one: int, two: int = 9, *, more: int = 0, head: str = "", **columns: list[str]):
        def rows(name: str, count: int) -> list[object]:
            texts = [f"{name} number {place} of them" for place in range(count)]
            return [
                {"text": text, **{key: values[place] for key, values in columns.items()}} if columns else text
                for place, text in enumerate(texts)
            ]

        pairs = [{"clean": f"clean {i}", "corrupted": f"corrupted {i}"} for i in range(one)]
        lines = [
            *HEAD,
            head,
            f"sets: {json.dumps({'a': rows('a', one), 'b': rows('b', two)})}",
            f"pairs: {json.dumps({'edits': pairs})}",
            "claims:",
            f"  - {{id: it, claim: {json.dumps(claim)}}}",
            *(f"  - neuron 0:{place} activates more for a than b" for place in range(more)),
        ]
        path = tmp_path / "x.claims.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return read_claim_file(path, templates())

    return make


MORE = "neuron 0:1 activates more for a than b"
TOP = "neuron 0:1 is among the top 10 neurons for a over b in at least 60% of prompts"

HOPELESS = [
    # Fisher's test allows 7 + 7 at once, but 7 of 7 is 2 x 0.6^7 = .056 against 60 %; 2 x 0.6^8 = .034.
    (TOP, (7, 7), "a p of 0.056, above 0.05; 8 prompts per set would be enough; it can only be refuted"),
    (TOP.replace("60%", "95%"), (20, 20), "72 prompts per set would be enough; it can only be refuted"),
    # The interval of an AUROC of 1 leaves 0.95 out from 40 + 40 on: no exchange of labels says so.
    (
        "neuron 0:1 separates a from b with AUROC at least 0.95",
        (6, 6),
        "40 prompts per set would be enough; it can only be refuted",
    ),
    (MORE, (3, 3), "a p of 0.1, above 0.05; 4 prompts per set would be enough; nor can it be refuted"),
    (
        'ablating neuron 0:1 lowers " x" in a',
        (5, 9),
        "a p of 0.33, above 0.05; 14 prompts would be enough",
    ),  # 0.8^5, 0.8^14
    (
        'restoring neuron 0:1 recovers at least 30% of " x" over " y" in edits',
        (5, 9),
        "14 pairs would be enough; nor",
    ),
    # Eight prompts can miss one in five, and no exchange of labels says where they lie beyond a number.
    (
        f"{MORE} by at least 0.5",
        (8, 9),
        "a p of 0.17, above 0.05; 14 and 16 prompts would be enough; nor can it be refuted",
    ),
    ('neuron 0:1 predicts " x" in a with AUROC at least 0.95', (6, 9), "8 documents would be enough; it can"),
    # 2 x 0.94^n: 54 at once for support, and to be refuted 60.
    ("neuron 0:1 is not an outlier beyond 6 in more than 6% of tokens in a", (12, 9), "60 prompts would be"),
    (
        "neuron 0:1 is massive in at least 60% of prompts in a",
        (7, 9),
        "8 prompts would be enough; it can only",
    ),
]


@pytest.mark.parametrize(("claim", "sizes", "words"), HOPELESS)
def test_what_even_the_clearest_data_cannot_show_is_said_with_how_many_would_do(read, claim, sizes, words):
    file = read(claim, *sizes)
    assert words in unreachable(file)["it"]
    assert "it" not in planned_effects(file)


@pytest.mark.parametrize(("claim", "sizes"), [(TOP, (8, 8)), (MORE, (8, 8)), (MORE, (4, 4)), (MORE, (3, 4))])
def test_what_can_be_shown_is_planned_and_not_announced(read, claim, sizes):
    file, within = read(claim, *sizes), sizes != (3, 4)
    assert ("it" in unreachable(file)) != within  # 2 / 35
    assert ("it" in planned_effects(file)) == within


def test_pairs_and_groups_are_counted_as_what_they_are(read):
    names = [f"p{place}" for place in range(9)]
    pairs = unreachable(read(MORE, 5, 5, pair=names))["it"]
    assert pairs.startswith(
        "with 5 pairs even the clearest result has a p of 0.33, above 0.05; 14 pairs would"  # 0.8^5
    )
    blocks = [f"b{place % 2}" for place in range(8)]
    assert unreachable(read(MORE, 8, 8, block=blocks)) == {}
    assert "a p of 0.17, above 0.05" in unreachable(read(f"{MORE} by at least 0.5", 8, 8, block=blocks))["it"]
    groups = [f"g{place // 3}" for place in range(9)]
    paired = unreachable(read(MORE, 9, 9, group=groups))["it"]  # every group in both sets
    assert paired.startswith(
        "with 3 groups even the clearest result has a p of 0.25, above 0.05; 6 groups would"
    )
    unequal = unreachable(read(MORE, 3, 5, more=5))["it"]
    assert "in a family of 6 even the clearest result has an adjusted p of 0.21" in unequal  # 6 x 2 / 56
    assert "; 4 and 7 prompts would be enough" in unequal  # 6 x 2 / 330


def test_a_family_that_is_not_corrected_is_no_family(read):
    alone = read(MORE, 3, 3, more=5, head="correction: none")
    assert unreachable(alone)["it"].startswith(
        "with 3 prompts and 3 prompts even the clearest result has a p of 0.1,"
    )
    few = read(MORE, 4, 4, more=5, head="correction: none")
    assert unreachable(few) == {}
    assert planned_effects(few)["it"] == planned_effects(read(MORE, 4, 4))["it"]
    assert "it" in unreachable(read(MORE, 4, 4, more=5))  # 6 x 2 / 70


def test_claims_that_share_a_design_are_planned_alike_and_a_larger_family_shows_less(read):
    alone, many = (planned_effects(read(MORE, 12, 12, more=more)) for more in (0, 19))
    assert len(set(many.values())) == 1
    assert "0.8 sd 5 times in 10" in alone["it"]
    assert "0.8 sd once in 10 times" in many["it"]
