"""Claims that a neuron predicts a token: on counts set by hand, and on tiny models read by plain Transformers."""

from __future__ import annotations

import json

import numpy as np
import pytest
from changed_claims import FAKE_CONFIG, claim_file, judged_really, one_writer
from null_histograms import nulls_of, share_beyond
from scipy.stats import spearmanr
from scipy.stats import t as student
from skewed import mean_interval, mean_p
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.models.sources import LoadedModel
from neuronclaims.prompts import PromptInput
from neuronclaims.study import Study

RNG = np.random.default_rng(7)
SENTENCE = 'neuron 1:2 predicts " an" in corpus'
SIZES = [12, 30, 25, 8, 40, 16, 9, 22, 14, 11]
TOPS = [RNG.random(size) < 0.3 for size in SIZES]
"""Whether the token is on top, per document and position; nowhere in the last document."""
TOPS[-1][:] = False
LIFT = {2: 1.2, 1: 0.5, 0: 0.0, 3: -1.5}
"""How much higher neuron 1:index is where the token is on top."""
VALUES = {
    index: [
        (np.round(RNG.normal(size=size), 1) + lift * top).astype(np.float32)
        for size, top in zip(SIZES, TOPS, strict=True)
    ]
    for index, lift in LIFT.items()
}
NAMES = [f"document {place}" for place in range(len(SIZES))]
ASKED = []


def row(values, top, edges) -> list[float]:
    """What a measurement says of one document, by scikit-learn and by comparing each value with each edge."""
    auroc = roc_auc_score(top, values) if 0 < top.sum() < len(top) else -1.0
    place = (values[:, None].astype(np.float64) >= np.array(edges)).sum(axis=1)
    bins = [(place == number) for number in range(len(edges) + 1)]
    return [len(top), top.sum(), auroc, *(b.sum() for b in bins), *((b & top).sum() for b in bins)]


def measure(source, measurements, *, cache, options, progress):
    ASKED[:] = measurements
    places = {name: place for place, name in enumerate(NAMES)}
    return {
        asked: np.array(
            [
                row(VALUES[asked.index][place], TOPS[place], asked.edges)
                for place in (places[PromptInput.of(item).text] for item in asked.documents)
            ],
            np.float32,
        )
        for asked in measurements
    }


@pytest.fixture
def judge(tmp_path):
    def judge(claim: str = SENTENCE, head: str = "", documents=NAMES, config=FAKE_CONFIG):
        sets = f"sets: {json.dumps({'corpus': list(documents)})}\n"
        file = claim_file(tmp_path, json.dumps(claim), head=head + sets, config=config)
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    return judge


def aurocs(index: int) -> np.ndarray:
    """Within each document that tells something, by scikit-learn."""
    return np.array([roc_auc_score(t, v) for v, t in zip(VALUES[index], TOPS, strict=True) if t.any()])


def score_limits(shares: np.ndarray) -> np.ndarray:
    """Solve (mean - m)^2 = t^2 m (1 - m) D / n for m, D being the variance over the largest the mean allows.

    Where the limits of t corrected for skewness are farther, these count.
    """
    n, mean = len(shares), shares.mean()
    dispersion = max(shares.var(ddof=1) / (mean * (1 - mean)), 1 / (2 * n))
    c = student.ppf(0.975, n - 1) ** 2 * dispersion / n
    low, high = np.sort(np.roots([1 + c, -2 * mean - c, mean**2]))
    skewed = mean_interval(shares)
    return np.array([min(low, skewed[0]), min(1.0, max(high, skewed[1]))])


def test_the_effect_is_the_mean_of_scikit_learns_aurocs_and_p_counts_all_sign_flips_of_documents(judge):
    result = judge()
    effects = aurocs(2) - 0.5
    assert (result.error, result.verdict) == (None, "supported")
    assert result.evidence.effect.value == pytest.approx(aurocs(2).mean())
    assert [result.evidence.effect.low, result.evidence.effect.high] == pytest.approx(score_limits(aurocs(2)))
    flips = np.array(np.meshgrid(*[[1, -1]] * 9)).reshape(9, -1).T
    assert result.evidence.test.p_value == pytest.approx(2 * (flips @ effects >= effects.sum() - 1e-9).mean())
    assert result.evidence.counts == (("corpus", 9),)
    assert result.evidence.unit == "document"
    assert any(
        "9 of 10 documents tell something; the token is on top nowhere in 1." in note
        for note in result.evidence.notes
    )


def test_the_null_is_every_flip_of_documents_for_the_neuron_whose_p_it_is(judge):
    flips = np.array(np.meshgrid(*[[1, -1]] * 9)).reshape(9, -1).T
    for claim, index in ((SENTENCE, 2), (SENTENCE.replace("neuron 1:2", "every neuron of 1:2, 1:0"), 0)):
        result = judge(claim)
        [null] = nulls_of(result)
        p = share_beyond(null, (flips @ (aurocs(index) - 0.5)) / 9)
        interval = mean_p(aurocs(index), 0.5) if index == 0 else 0.0
        assert result.evidence.test.p_value == pytest.approx(max(2 * p, interval), rel=1e-5)
        assert null.axis.endswith("whose p is the largest") == (index == 0)


def test_a_number_is_held_against_the_interval_and_a_neuron_that_goes_down_is_refuted(judge):
    low, high = score_limits(aurocs(2))
    assert judge(f"{SENTENCE} with AUROC at least {low - 0.01:.2f}").verdict == "supported"
    assert judge(f"{SENTENCE} with AUROC at least {high + 0.02:.2f}").verdict == "refuted"
    assert judge(f"{SENTENCE} with AUROC at least {aurocs(2).mean():.2f}").verdict == "inconclusive"
    assert judge(SENTENCE.replace("1:2", "1:0")).verdict == "inconclusive"
    assert judge(SENTENCE.replace("1:2", "1:3")).verdict == "refuted"


def test_rounding_breaks_no_tie_between_documents(judge, monkeypatch):
    # AUROCs of 1/3 and 2/3 are mirror images, but no longer once both were float32: fewer flips would then reach the
    # sum seen, and p would be too small.
    tops = [np.array([True, False, False, False])] * 4
    monkeypatch.setitem(globals(), "TOPS", tops)
    values = [np.array(v, np.float32) for v in ([1, 0, 0.5, 2], [1, 0, 2, 3], [1, 0, 0.5, 2], [1, 0, 2, 3])]
    monkeypatch.setitem(VALUES, 2, values)
    result = judge(documents=NAMES[:4])
    assert result.evidence.effect.value == 0.5
    flips = np.array(np.meshgrid(*[[1, -1]] * 4)).reshape(4, -1).T
    assert result.evidence.test.p_value == min(1, 2 * (flips.sum(axis=1) >= 0).mean())


def test_bins_are_half_open_with_exact_edges_and_wilson_bands(judge, monkeypatch):
    edges = [float(f"{number / 10:.1f}") for number in range(-10, 11)]
    on_edges = np.array(
        [0.0, 0.25, 0.5, np.nextafter(np.float32(0.5), np.float32(0)), -1.0, 1.0, -1.5, 0.5, 7.0]
    )
    tops = np.array([True, False, True, True, False, True, False, False, True])
    monkeypatch.setitem(globals(), "TOPS", [tops, *TOPS[1:]])
    monkeypatch.setitem(VALUES, 2, [on_edges.astype(np.float32), *VALUES[2][1:]])
    evidence = judge(head="bins: {start: -1, stop: 1, width: 0.1}\nfewest: 5\n").evidence
    [bins, singles, _] = evidence.figures
    values, top = np.concatenate(VALUES[2]).astype(float), np.concatenate(TOPS)
    assert [row.start for row in bins.bins] == [None, *edges]
    assert [row.stop for row in bins.bins] == [*edges, None]
    for one in bins.bins:
        inside = np.ones(len(values), bool)
        inside &= True if one.start is None else values >= one.start
        inside &= True if one.stop is None else values < one.stop
        count, hits = int(inside.sum()), int(top[inside].sum())
        assert (one.count, one.sparse) == (count, count < 5)
        if count:
            assert one.share == pytest.approx(hits / count)
            assert (one.low, one.high) == pytest.approx(proportion_confint(hits, count, method="wilson"))
    assert sum(one.count for one in bins.bins) == len(values)
    shown = [one.share for one in bins.bins if not one.sparse]
    others = {effect.name: effect.value for effect in evidence.other_effects}
    found = others["rank correlation of the bins shown and their shares"]
    assert found == pytest.approx(spearmanr(range(len(shown)), shown).statistic)
    assert others["share in the highest bin shown"] == shown[-1]
    assert others["share of positions with the token on top"] == pytest.approx(top.mean())
    assert singles.rows[0].values == pytest.approx(sorted(aurocs(2)))


def test_bins_reach_from_minus_1_to_8_unless_said_and_open_ones_take_the_rest(judge):
    bins = judge().evidence.figures[0].bins
    assert len(bins) == 47
    assert [(one.start, one.stop) for one in (bins[0], bins[1], bins[8], bins[-1])] == [
        (None, -1.0),
        (-1.0, -0.8),
        (0.4, 0.6),
        (8.0, None),
    ]
    assert bins[0].count == (np.concatenate(VALUES[2]) < -1).sum()


def test_groups_are_the_units_and_average_the_documents_that_tell_something(judge):
    documents = [{"text": name, "group": "abcde"[place // 2]} for place, name in enumerate(NAMES)]
    result = judge(documents=documents)
    single = aurocs(2)
    units = [*single[:8].reshape(4, 2).mean(axis=1), single[8]]
    assert (result.evidence.unit, result.evidence.counts) == ("group", (("corpus", 5),))
    assert result.evidence.effect.value == pytest.approx(np.mean(units))
    assert result.evidence.test.p_value == pytest.approx(2 / 2**5)


def test_order_of_documents_changes_no_number_not_even_where_flips_are_drawn(judge, monkeypatch):
    tops = [RNG.random(20) < 0.3 for _ in range(25)]
    monkeypatch.setitem(globals(), "TOPS", tops)
    monkeypatch.setitem(VALUES, 0, [RNG.normal(size=20).astype(np.float32) for _ in tops])
    monkeypatch.setitem(globals(), "NAMES", [f"text {place}" for place in range(25)])
    said = SENTENCE.replace("1:2", "1:0")
    first, second = judge(said, documents=NAMES), judge(said, documents=NAMES[::-1])
    assert not first.evidence.test.exact
    assert first.evidence == second.evidence


def test_every_neuron_is_as_good_as_the_least(judge):
    alone = judge(SENTENCE.replace("1:2", "1:1"))
    both = judge('every neuron of 1:2, 1:1 predicts " an" in corpus')
    assert both.evidence.effect == alone.evidence.effect
    assert both.evidence.test.p_value == max(alone.evidence.test.p_value, judge().evidence.test.p_value)
    assert [row[0] for row in both.evidence.figures[-1].rows] == ["1:2", "1:1"]


def test_does_not_predict_turns_the_score_interval_round_to_both_sides(judge):
    denial = SENTENCE.replace("1:2 predicts", "1:0 does not predict")
    result = judge(denial, head="margin: 0.2\n")
    shares, n = aurocs(0), 9
    dispersion = max(shares.var(ddof=1) / (shares.mean() * (1 - shares.mean())), 1 / (2 * n))
    apart = [
        abs(shares.mean() - bound) / np.sqrt(bound * (1 - bound) * dispersion / n) for bound in (0.3, 0.7)
    ]
    skewed = [mean_p(shares, bound) for bound in (0.3, 0.7)]
    score = 2 * max(student.sf(apart, n - 1))
    assert result.evidence.test.p_value == pytest.approx(max(score, *skewed), rel=1e-4)
    assert result.evidence.test.alternative == "within"
    assert result.verdict == "supported"
    assert judge(denial.replace("1:0", "1:2"), head="margin: 0.1\n").verdict == "refuted"
    assert judge(denial.replace("1:0", "1:3"), head="margin: 0.1\n").verdict == "refuted"
    # Were all documents at 0.5, the dispersion would be its floor of 1/18.
    least = 2 * student.sf(0.2 / np.sqrt(0.3 * 0.7 / 18 / n), n - 1)
    assert result.evidence.test.smallest_p == pytest.approx(least, rel=1e-4)


def test_wrong_sentences_and_margins_are_told_as_the_file_is_read(judge):
    denial = SENTENCE.replace("predicts", "does not predict")
    for wrong in (
        denial,
        f"{SENTENCE} with AUROC at least 0.4",
        f"{denial} with AUROC at least 0.7",
        SENTENCE.replace("neuron 1:2", "some neuron of layer 1"),
    ):
        with pytest.raises(ClaimFileError):
            judge(wrong)
    assert "below 0.5, not 0.6" in judge(denial, head="margin: 0.6\n").error
    assert "0.5, not 0.1 sd" in judge(denial, head="margin: 0.1 sd\n").error


def test_a_label_stands_in_the_place_of_the_prediction_and_says_so(judge, monkeypatch):
    said = SENTENCE.replace('" an"', 'label "noun"')
    documents = [{"text": name, "labels": [[0, 8, "noun"]]} for name in NAMES]
    bert = {"model_type": "bert", "num_hidden_layers": 2, "hidden_size": 4, "num_attention_heads": 2}
    config = {**bert, "intermediate_size": 4, "max_position_embeddings": 64, "vocab_size": 9}
    result = judge(said, documents=documents, config=config)
    assert (result.error, result.verdict) == (None, "supported")
    assert result.evidence.effect.value == pytest.approx(aurocs(2).mean())
    assert not any("on top" in note for note in result.evidence.notes)
    assert "9 of 10 documents tell something; the label is nowhere in 1." in result.evidence.notes
    assert "way to make predictions" in judge(said, "readout: legacy_embed\n", documents).error
    with pytest.raises(ClaimFileError, match="discovered_on"):
        judge(said, "searched: layer 1\n", documents)
    monkeypatch.setitem(globals(), "TOPS", [top & False for top in TOPS])
    assert 'Label "noun" stands at none of 187 positions' in judge(said, documents=documents).error


def test_what_cannot_be_told_is_one_clear_error(judge, monkeypatch):
    assert "no neuron 1:9" in judge(SENTENCE.replace("1:2", "1:9")).error
    bert = {"model_type": "bert", "num_hidden_layers": 2, "hidden_size": 4, "num_attention_heads": 2}
    config = {**bert, "intermediate_size": 4, "max_position_embeddings": 64, "vocab_size": 9}
    assert "predicts no next token" in judge(config=config).error
    assert "Only 1 document of 2" in judge(documents=[NAMES[0], NAMES[-1]]).error
    assert "at least 2 documents" in judge(documents=NAMES[:1]).error
    nowhere, everywhere = [t & False for t in TOPS], [t | True for t in TOPS]
    monkeypatch.setitem(globals(), "TOPS", nowhere)
    assert "' an' is the top prediction at none of 187 positions in 10 documents" in judge().error
    monkeypatch.setitem(globals(), "TOPS", everywhere)
    assert "at each of 187 positions" in judge().error


def test_a_neuron_mostly_at_its_ceiling_is_doubted(judge, monkeypatch):
    assert not any("ceiling" in note for note in judge().evidence.notes)
    monkeypatch.setitem(VALUES, 2, [np.minimum(v + 1.3, np.float32(1)) for v in VALUES[2]])
    assert any("of the values lie in the highest bin" in note for note in judge().evidence.notes)


def test_the_legacy_readout_is_asked_for_and_told(judge):
    told = judge(head="readout: legacy_embed\n")
    assert [asked.legacy_embed for asked in ASKED] == [True]
    assert any("not the model's own prediction" in note for note in told.evidence.notes)
    assert judge().evidence.effect == told.evidence.effect
    assert [asked.legacy_embed for asked in ASKED] == [False]


def documents_of_words(rng, sizes) -> list[str]:
    from tiny_models import WORDS

    return [" ".join(rng.choice(WORDS, size)) for size in sizes]


def writer() -> LoadedModel:
    """The model in which 0:3 fires on "dog" and writes "tree"; after any other word "river" is on top."""
    import torch

    made = one_writer()
    with torch.no_grad():
        made.model.lm_head.weight[made.tokenizer.convert_tokens_to_ids("river"), 1] = 1.0
    return made


def put(tmp_path, claim: str, documents, model, head: str = ""):
    head = f"{head}sets: {json.dumps({'corpus': documents})}\n"
    return judged_really(tmp_path, json.dumps(claim), head, model)


def test_a_neuron_that_fires_where_its_token_is_predicted_has_auroc_1_and_a_dead_one_a_half(tmp_path):
    documents = documents_of_words(np.random.default_rng(3), [40] * 20)
    documents = [text for text in documents if "dog" in text.split()]
    assert len(documents) > 5
    result = put(tmp_path, 'mlp_post neuron 0:3 predicts " tree" in corpus', documents, writer())
    assert (result.verdict, result.evidence.effect.value) == ("supported", 1.0)
    assert result.evidence.effect.low == pytest.approx(0.05 ** (1 / len(documents)))
    bins = result.evidence.figures[0].bins
    dogs = sum(text.split().count("dog") for text in documents)
    assert sum(one.count for one in bins if one.share == 1) == dogs
    dead = put(tmp_path, 'mlp_post neuron 0:0 predicts " tree" in corpus', documents, writer())
    assert (dead.verdict, dead.evidence.effect.value) == ("inconclusive", 0.5)
    unknown = put(tmp_path, 'mlp_post neuron 0:3 predicts " trees" in corpus', documents, writer())
    assert "no single token" in unknown.error


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_random_model_read_by_plain_transformers_gives_the_same_numbers(tmp_path, name):
    import torch
    from tiny_models import make_model, make_tokenizer, style_of

    model, tokenizer = make_model(name), make_tokenizer(style_of(name))
    documents = documents_of_words(np.random.default_rng(4), [50, 30, 60, 45, 25, 61])
    projection = model.transformer.h[1].mlp.c_proj if name == "gpt2" else model.model.layers[1].mlp.down_proj
    tops, values = [], []
    projection.register_forward_pre_hook(
        lambda _, args: values.append(args[0].reshape(-1, args[0].shape[-1]))
    )
    with torch.no_grad():
        for text in documents:
            ids = torch.tensor([tokenizer(text)["input_ids"]])
            tops.append(model(ids).logits[0].argmax(-1)[-len(text.split()) :].numpy())
    own = [found[-len(top) :, 7].double().numpy() for found, top in zip(values, tops, strict=True)]
    token = int(np.bincount(np.concatenate(tops)).argmax())
    word = tokenizer.convert_ids_to_tokens(token)
    telling = [(v, t == token) for v, t in zip(own, tops, strict=True) if 0 < (t == token).sum() < len(t)]
    assert len(telling) >= 2

    result = put(
        tmp_path,
        f'mlp_post neuron 1:7 predicts " {word}" in corpus',
        documents,
        LoadedModel(make_model(name), make_tokenizer(style_of(name))),
        head="bins: {start: -0.5, stop: 0.5, width: 0.05}\n",
    )
    assert result.evidence.effect.value == pytest.approx(np.mean([roc_auc_score(t, v) for v, t in telling]))
    pooled, top = np.concatenate(own), np.concatenate(tops) == token
    for one in result.evidence.figures[0].bins:
        low, high = -np.inf if one.start is None else one.start, np.inf if one.stop is None else one.stop
        inside = (pooled >= low) & (pooled < high)
        assert one.count == inside.sum()
        assert one.share == (pytest.approx(top[inside].mean()) if inside.any() else None)
    assert sum(one.count for one in result.evidence.figures[0].bins) == sum(len(d.split()) for d in documents)


def test_classes_of_tokens_read_back_and_bad_ones_are_refused(judge):
    for wanted in ('" an" or " a"', 'tokens matching "[0-9]+"'):
        result = judge(SENTENCE.replace('" an"', wanted))
        assert (result.error, result.verdict) == (None, "supported")
        assert wanted in result.sentence
    for wanted, said in (
        ('tokens matching "[0-9"', "no regular expression"),
        ("tokens matching digits", "double quotes"),
        ('" an" or " an"', "named twice"),
        ('" an" or an', "expected a token|double quotes"),
    ):
        with pytest.raises(ClaimFileError, match=said):
            judge(SENTENCE.replace('" an"', wanted))
