"""Words that people use for the same thing are met with the whole sentence; one mistake is one error."""

from __future__ import annotations

from pathlib import Path

import pytest
from cases import for_each

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.sentences.misread.misses import MOST_SHAPES, SentenceError
from neuronclaims.sentences.parser import parse

MORE = "neuron 2:340 activates more for hanoi than baseline"
SAID = {
    "Neuron 2:340 activates more for hanoi than baseline.": MORE,
    "layer 2 neuron 340 activates more for hanoi than baseline": MORE,
    "neuron 340 of layer 2 activates more for hanoi than baseline": MORE,
    "L2N340 activates more for hanoi than baseline": MORE,
    "neuron 2:340 fires more for hanoi than baseline": MORE,
    "neuron 2:340 fires more strongly on hanoi than on baseline": MORE,
    "neuron 2:340 activates more on hanoi than on baseline": MORE,
    "neuron 2:340 is higher for hanoi than baseline": MORE,
    "neuron 2.340 fires more for hanoi then baseline": MORE,
    "mlp_post neuron 2:340 is lower in hanoi than in baseline": "mlp_post neuron 2:340 activates less for hanoi than "
    "baseline",
    "neuron 2:340 doesn't fire more for hanoi than baseline": "neuron 2:340 does not activate more for hanoi than "
    "baseline",
    "neuron 2:340 distinguishes hanoi from baseline": "neuron 2:340 separates hanoi from baseline",
    "neuron 2:340 separates hanoi and baseline with AUC of at least 0.8": "neuron 2:340 separates hanoi from baseline "
    "with AUROC at least 0.8",
    'ablating heads 1:2, 1:3, 2:0 lowers " an" in hanoi': 'ablating head 1:2 and head 1:3 and head 2:0 lowers " an" in '
    "hanoi",
    'ablating latents sae:1, sae:2 lowers " an" in a': 'ablating latent sae:1 and latent sae:2 lowers " an" in a',
    "latents sae:1, sae:2 activate more for hanoi than baseline": "every latent of sae:1, sae:2 activates more for "
    "hanoi than baseline",
    "latent sae:1 is among the top 10 latents for a in at least 30% of prompts": "latent sae:1 is among the top 10 "
    "neurons for a in at least 30% of prompts",
    "neuron 2:340 activates more than baseline for hanoi": MORE,
    'zeroing neuron 2:3 reduces " an" in hanoi': 'ablating neuron 2:3 lowers " an" in hanoi',
    'multiplying neuron 2:3 by 2 increases " fires more" in hanoi': 'scaling neuron 2:3 by 2 raises " fires more" in '
    "hanoi",
}


@for_each("said, meant", SAID.items())
def test_the_whole_sentence_is_written_out(said, meant) -> None:
    with pytest.raises(SentenceError) as caught:
        parse(said, templates())
    assert caught.value.message == f"this sentence is not understood; write: {meant}"
    assert parse(meant, templates()).text == meant


@for_each(
    "said, why",
    {
        "neuron 2:340 activates more than baseline": "write 'activates more for SET than baseline'",
        "latent sae:1 is an outlier beyond 6 in at least 6% of tokens in a": "'is an outlier' is claimed of one neuron",
        'every neuron of german writes " an" more than 99% of tokens': "'writes' is claimed of one neuron",
        "head 1:2 activates more for a than b": "'activates' cannot be claimed of a head: claim what it attends to",
    }.items(),
)
def test_a_sentence_of_another_subject_is_told_what_can_be_claimed(said, why) -> None:
    with pytest.raises(SentenceError) as caught:
        parse(said, templates())
    assert why in caught.value.message


@for_each(
    "said, suggestion",
    [
        ("neuron 2.340 activates more for hanoi than baseline", "2:340"),
        ("neuron 2:340 separates hanoi from baseline with AUC at least 0.8", "AUROC"),
        ("ablating neuron 2:3 raises entrpy in hanoi", "entropy"),
    ],
)
def test_one_word_is_suggested_where_it_is_all_that_is_wrong(said, suggestion) -> None:
    with pytest.raises(SentenceError) as caught:
        parse(said, templates())
    assert caught.value.suggestion == suggestion


@for_each(
    "said, says",
    [
        ("feature 8-res-jb:x activates more for hanoi than baseline", "a feature is no subject here"),
        ("logistic regression on neurons 1:1, 1:2 separates a from b", "'probes'"),
        ("circuit 3 activates more for hanoi than baseline", "'circuit' is no subject of claims"),
        ('steering honesty raises " Yes" in hanoi', "adding 3 honesty at layer 10"),
    ],
)
def test_what_is_no_subject_is_named(said, says) -> None:
    with pytest.raises(SentenceError, match=says):
        parse(said, templates())


@for_each(
    "said, where, says",
    [
        (
            'neuron 1:2 fires on tokens matching "[0-9]+" in hanoi',
            "on tokens matching",
            "predicts tokens matching",
        ),
        ('neuron 1:2 activates more for hanoi than baseline after " the"', "after", "tokens: first after"),
        ("neuron 1:2 writes less than 1% of its norm to the unembedding", "of its norm", "raises entropy"),
        ("neuron 1:2 is bimodal in hanoi", "is bimodal", "cannot be claimed"),
    ],
)
def test_what_no_sentence_says_is_named_where_it_stands(said, where, says) -> None:
    with pytest.raises(SentenceError) as caught:
        parse(said, templates())
    error = caught.value
    assert says in error.message
    assert said[error.column - 1 : error.column - 1 + error.width] == where
    assert error.allowed == ()


def test_only_the_few_templates_that_are_nearest_are_listed() -> None:
    with pytest.raises(SentenceError) as caught:
        parse("neuron 1:2 sleeps in hanoi", templates())
    assert 1 <= len(caught.value.allowed) <= MOST_SHAPES


def test_a_sentence_that_means_nothing_known_is_not_rewritten() -> None:
    with pytest.raises(SentenceError) as caught:
        parse("neuron 2:340 is bimodal in hanoi", templates())
    assert "write:" not in caught.value.message


FILE = """version: 1
models: [demo]
site: mlp_post
tokens: mean of prompt
sets:
  hanoi: ANCHOR[a b, c d]
  vietnam: [q r, c w]
  violent: [q e, c t]
  BASELINE: [e f, g h]
claims:
"""


def _problems(folder: Path, claims: str, anchor: str = "", baseline: str = "baseline") -> list[str]:
    path = folder / "x.claims.yaml"
    path.write_text(FILE.replace("ANCHOR", anchor).replace("BASELINE", baseline) + claims, encoding="utf-8")
    with pytest.raises(ClaimFileError) as caught:
        read_claim_file(path, templates())
    return [problem.message for problem in caught.value.problems]


def test_a_misspelt_key_in_a_claim_with_an_id_is_one_error(tmp_path) -> None:
    claims = f"  - {{id: a, claim: {MORE}, expects: supported}}\n  - {{id: b, claim: {MORE}}}\n"
    claims += (
        f"  - {{id: c, claim: {MORE}, tokns: last of prompt}}\n  - {{id: d, claim: {MORE}, margn: 0.5 sd}}\n"
    )
    assert _problems(tmp_path, claims) == [
        "unknown key 'expects' in a claim",
        "unknown key 'tokns' in a claim",
        "unknown key 'margn' in a claim",
    ]
    with pytest.raises(ClaimFileError) as caught:
        read_claim_file(tmp_path / "x.claims.yaml", templates())
    last = caught.value.problems[-1]
    assert (last.suggestion, "margin" in last.allowed) == ("margin", True)


def test_an_anchor_hides_no_other_error(tmp_path) -> None:
    claims = "  - neuron 2:340 activates more for hanoy than baseline\n"
    anchored, unknown = _problems(tmp_path, claims, "&h ")
    assert "no anchors" in anchored
    assert "no prompt set 'hanoy'" in unknown


def test_an_overlap_without_a_baseline_says_what_it_needs(tmp_path) -> None:
    [message] = _problems(
        tmp_path, "  - hanoi overlaps more with vietnam than with violent\n", baseline="other"
    )
    assert "say over which set neurons are ranked" in message


def test_what_a_sentence_lacks_is_written_out(tmp_path) -> None:
    for sentence, lacking in (
        ("hanoi and violent share more of their top 9 neurons than any other two of them and baseline",
         "'over SET' is missing before 'than'"),
        ("the share of \" a\" among top predictions rises with mlp_post neuron 2:9 in hanoi by at least 5%",
         "'from lowest to highest' must follow"),
        ("head 2:1 attends to bos from last in hanoi", "'with at least SHARE%' must follow"),
        ("some head does not attend to bos from last in hanoi", "'with more than SHARE%' must follow"),
    ):  # fmt: skip
        [message] = _problems(tmp_path, f"  - '{sentence}'\n")
        assert message.endswith(lacking), sentence


def test_columns_that_nobody_knows_are_one_error_each(tmp_path) -> None:
    rows = ", ".join(f"{{text: number {n}, size: {n}, hue: red}}" for n in range(40))
    numbered = f"numbered: [{rows}]\n  baseline"
    size, hue = _problems(tmp_path, f"  - {MORE}\n", baseline=numbered)
    assert size.startswith("unknown key 'size' in a prompt (numbers of your own go into 'numbers'")
    assert size.endswith(", and in 39 more")
    assert hue.endswith(", and in 39 more")
