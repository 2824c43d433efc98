"""Claims of the activity of a direction, on states set by hand: fits, scores, regions, and a search."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
from null_histograms import nulls_of
from scipy.stats import nct, ttest_ind
from shapes_brute import tails_of_shape
from skewed_sets import difference_p

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.projection.scores import scores
from neuronclaims.measurements.views import fits
from neuronclaims.study import Study

LAYERS, WIDTH, LENGTH = 4, 6, 8
CONFIG = {
    "model_type": "gpt2",
    "n_layer": LAYERS,
    "n_embd": WIDTH,
    "n_head": 2,
    "n_positions": 64,
    "vocab_size": 9,
}
NAMES = {"truth": 7, "lie": 7, "fit_true": 5, "fit_false": 5, "calm": 6, "more_truth": 14, "more_lie": 14}
RNG = np.random.default_rng(11)
AXIS = RNG.normal(size=(LAYERS, WIDTH))
AXIS /= np.linalg.norm(AXIS, axis=1, keepdims=True)


def texts(name: str) -> list[str]:
    return [f"{name} {number}" for number in range(NAMES[name])]


def world() -> dict[str, np.ndarray]:
    """States [tokens, layers, width] of every prompt: noise, and along the axis what each set is."""
    states = {}
    for name in NAMES:
        for number, text in enumerate(texts(name)):
            length = LENGTH - (number % 3 if name.endswith(("truth", "lie")) else 0)
            noise = RNG.normal(size=(length, LAYERS, WIDTH))
            if name.endswith("lie"):  # planted: layers 1 and 2, tokens 2 to 4
                noise[1:4, 1:3] -= 6 * AXIS[1:3]
            if name.startswith("fit"):
                noise += (4 if name == "fit_true" else -4) * AXIS
            states[text] = noise
    return states


STATES = world()


def pooled(states: np.ndarray, pool: str) -> np.ndarray:
    if pool == "last":
        return states[-1]
    if pool == "mean":
        return states.mean(0)
    most = int(pool.removeprefix("each "))
    rows = np.zeros((most, states.shape[1]))
    rows[: min(most, len(states))] = states[:most]
    return np.concatenate([[min(most, len(states))], rows.ravel()])


class Measure:
    """A stand-in for a model, which says what it was asked."""

    def __init__(self) -> None:
        self.asked = []

    def __call__(self, source, measurements, *, cache, options, progress):
        self.asked += measurements
        return {
            m: np.array([pooled(STATES[p][:, m.layer], str(m.tokens.pool)) for p in m.prompts], np.float32)
            for m in measurements
        }


@pytest.fixture
def judge(tmp_path):
    def judge(claim: str, method="mean difference", neutral="calm", sets=None, pool="last", measure=None):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        rows = {name: texts(name) for name in NAMES}
        for name in ("fit_true", "fit_false"):
            rows[name] = [{"text": text, "pair": text[-1]} for text in rows[name]]
        direction = {"method": method, "from": ["fit_true", "fit_false"]} | (
            {"neutral": neutral} if neutral else {}
        )
        path = tmp_path / "x.claims.yaml"
        path.write_text(
            f"version: 1\nmodels: [model]\nsite: resid_post\ntokens: {pool} of prompt\n"
            f"sets: {json.dumps({**rows, **(sets or {})})}\n"
            f"directions: {json.dumps({'honesty': direction})}\nclaims:\n  - {claim}\n"
        )
        study = Study(measure=measure or Measure())
        [result] = study.judge(read_claim_file(path, templates()), "model").values()
        return result

    return judge


def mean_direction(layer: int, pool: str = "last") -> np.ndarray:
    first, second = (
        np.mean([pooled(STATES[text][:, layer], pool) for text in texts(name)], axis=0)
        for name in ("fit_true", "fit_false")
    )
    return (first - second) / np.linalg.norm(first - second)


def region(name: str, layers: range, start: int, stop: int) -> np.ndarray:
    """One value per prompt by hand: z-scores on the neutral cells of each layer, over the tokens that exist."""
    found = []
    for text in texts(name):
        cells = []
        for layer in layers:
            direction = mean_direction(layer)
            neutral = np.concatenate([STATES[t][start:stop, layer] @ direction for t in texts("calm")])
            own = STATES[text][start:stop, layer] @ direction
            cells.append((own - neutral.mean()) / neutral.std(ddof=1))
        found.append(np.concatenate(cells).mean())
    return np.array(found)


def test_a_region_is_the_mean_of_z_scores_over_its_layers_and_the_tokens_a_prompt_has(judge):
    result = judge("honesty activity is lower for lie than truth in layers 1 to 2 over tokens 2 to 8")
    lie, truth = (region(name, range(1, 3), 1, 8) for name in ("lie", "truth"))
    assert result.evidence.effect.value == pytest.approx(lie.mean() - truth.mean(), rel=1e-4)
    pool = np.concatenate([lie, truth])
    ways = [pool[list(rows)].sum() for rows in combinations(range(14), 7)]
    assert result.evidence.test.p_value == pytest.approx(2 * np.mean(np.array(ways) <= lie.sum() + 1e-9))
    assert result.verdict == "supported"
    surface = result.evidence.figures[1]
    # lengths are 8, 7, 6, 8, 7, 6, 8: all have six tokens, five have a seventh, three an eighth
    assert surface.panels[0].counts == (7, 7, 7, 7, 7, 5, 3)
    assert (surface.xs, surface.ys[0]) == ((1.0, 2.0), 2.0)
    note = "7 at tokens 2 to 6, 5 at token 7, 3 at token 8"
    assert any(note in text for text in result.evidence.notes)
    assert result.evidence.selection.what == "direction"


def test_the_side_claimed_is_the_side_tested(judge):
    result = judge("honesty activity is higher for lie than truth in layers 1 to 2 over tokens 2 to 4")
    assert result.verdict == "refuted"


WHERE = "in layers 1 to 2 over tokens 2 to 8"


@pytest.mark.parametrize(
    ("said", "place", "side"),
    [
        ("does not differ between more_lie and more_truth", None, "within"),
        ("is not lower for more_lie than more_truth", 0, "not less"),
        ("is not higher for more_lie than more_truth", 1, "not greater"),
    ],
)
@pytest.mark.parametrize("layers", [range(1, 3), range(3, 4)])
def test_that_two_sets_do_not_differ_is_tested_against_the_margin(judge, said, place, side, layers):
    where = WHERE if len(layers) == 2 else "in layer 3 over tokens 2 to 8"
    result = judge(f"{{claim: honesty activity {said} {where}, margin: 1.5}}")
    lie, truth = (region(name, layers, 1, 8) for name in ("more_lie", "more_truth"))
    against = [difference_p(lie, truth, bound) for bound in (-1.5, 1.5)]
    right = max(
        0.8**14, max(against) if place is None else against[place]
    )  # one prompt in five can be missed
    assert result.error is None
    assert result.evidence.test.p_value == pytest.approx(right, rel=1e-4)
    assert result.evidence.test.alternative == side
    planted = len(layers) == 2 and side != "not greater"
    assert result.verdict == ("refuted" if planted else "supported")
    assert any("may cancel" in note for note in result.evidence.notes)


def test_a_margin_in_sd_is_that_of_the_two_sets_prompts_and_too_few_prompts_say_so(judge):
    said = "honesty activity does not differ between lie and truth in layer 3 over tokens 2 to 8"
    claim = f"{{{{claim: {said}, margin: {{}}}}}}"
    result = judge(claim.format("3 sd"))
    lie, truth = (region(name, range(3, 4), 1, 8) for name in ("lie", "truth"))
    t = ttest_ind(lie, truth).statistic
    size = np.sqrt(7 / 2)
    tails = tails_of_shape(lie, truth, paired=False)
    right = 2 * max(tails(3.0)[1], tails(-3.0)[0])
    assert right >= 2 * max(nct.cdf(t, 12, 3 * size), nct.sf(t, 12, -3 * size)) * (1 - 1e-6)
    assert (result.verdict, result.evidence.test.p_value) == ("supported", pytest.approx(right, rel=1e-3))
    effect = result.evidence.effect
    assert -3 < effect.low < effect.high < 3
    too_few = judge(claim.format("0.5 sd"))
    assert too_few.verdict == "inconclusive"
    assert too_few.evidence.test.p_value >= 2 * nct.cdf(0, 12, 0.5 * size) * (1 - 1e-6)


@pytest.mark.parametrize("said", ["does not differ between", "is not lower for"])
def test_without_a_margin_a_denial_is_not_read(judge, said):
    second = "and" if "between" in said else "than"
    with pytest.raises(ClaimFileError, match=r"margin: 0\.5 sd"):
        judge(f"honesty activity {said} lie {second} truth")


def test_without_tokens_the_claims_own_rule_gives_the_state(judge):
    measure = Measure()
    result = judge(
        "{claim: honesty activity is lower for lie than truth, score: raw}", pool="mean", measure=measure
    )
    values = {
        name: np.array(
            [
                np.mean([STATES[t][:, k].mean(0) @ mean_direction(k, "mean") for k in range(LAYERS)])
                for t in texts(name)
            ]
        )
        for name in ("lie", "truth")
    }
    assert result.evidence.effect.value == pytest.approx(
        values["lie"].mean() - values["truth"].mean(), rel=1e-4
    )
    assert {str(m.tokens.pool) for m in measure.asked} == {"mean"}
    assert not any(p.startswith("calm") for m in measure.asked for p in m.prompts)  # raw needs no neutral set


def test_a_search_finds_the_planted_region_and_says_where_it_may(judge):
    result = judge("honesty activity differs between lie and truth somewhere")
    assert result.verdict == "supported"
    assert result.evidence.effect.value < 0  # the heaviest cluster is one where lies are lower
    assert result.evidence.effect.low is None
    [note] = [text for text in result.evidence.notes if text.startswith("Cells that differ")]
    told = {"layer 1 token 2", "layer 1 token 3", "layer 1 token 4"} | {
        f"layer 2 token {token}" for token in (2, 3, 4)
    }
    named = note.split(": ")[1].split(", the clearest")[0].rstrip(".").split(", ")
    assert set(named) <= told
    assert any("4 layers by 6 tokens" in text for text in result.evidence.notes)
    assert result.evidence.figures[0].panels[0].counts == (7, 7, 7, 7, 7, 7, 5, 3)
    [null] = nulls_of(result)
    assert null.every
    assert sum(null.counts) == 3432  # of 14 prompts 7
    assert null.observed == -result.evidence.effect.value == pytest.approx(null.high)
    assert (
        null.counts[-1] == 2 == result.evidence.test.p_value * 3432
    )  # these sets, and these the other way round


def test_a_search_where_nothing_differs_is_not_supported(judge):
    halves = {"one": texts("truth")[::2], "two": texts("truth")[1::2]}
    result = judge("honesty activity differs between one and two somewhere", sets=halves)
    assert result.verdict == "inconclusive"


def test_paired_differences_give_their_first_principal_component_pointing_to_the_first_side():
    rng = np.random.default_rng(2)
    first, second = rng.normal(size=(9, 5)) + np.array([3, 0, 0, 0, 0]), rng.normal(size=(9, 5))
    d = first - second
    both = np.vstack([d, -d])
    values, vectors = np.linalg.eigh(np.cov(both.T))
    expected = vectors[:, np.argmax(values)]
    found = fits._FITS["pca of paired differences"](first, second)
    assert abs(found @ expected) == pytest.approx(1)
    assert (d @ found > 0).sum() > 4
    np.testing.assert_allclose(fits._FITS["pca of paired differences"](second, first), -found)


@pytest.mark.parametrize("method", ["pca of paired differences", "logistic regression"])
def test_other_methods_find_the_same_axis(judge, method):
    if method.startswith("logistic"):
        pytest.importorskip("sklearn")
    result = judge("honesty activity is lower for lie than truth in layers 1 to 2 over tokens 2 to 4", method)
    assert result.verdict == "supported"


def test_logistic_regression_separates_what_a_mean_difference_only_leans_to():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(40, 1)) * [5.0, 5.0]
    first, second = shared[:20] + np.array([0.7, -0.7]), shared[20:] + np.array([-0.7, 0.7])
    found = fits._FITS["logistic regression"](first, second)
    assert (first @ found).min() > (second @ found).max()
    assert found[0] > 0 > found[1]


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch, judge):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(fits, "import_module", missing)
    error = judge("honesty activity is lower for lie than truth", "logistic regression").error
    assert "neuronclaims[directions]" in error


def test_the_cosine_of_a_state_is_its_projection_over_its_length():
    states = np.array([[3.0, 4.0], [0.0, 0.0]])
    np.testing.assert_allclose(scores(states, np.array([1.0, 0.0]), "cosine"), [0.6, 0.0])
    np.testing.assert_allclose(scores(states, np.array([1.0, 0.0]), "raw"), [3.0, 0.0])


def test_what_cannot_be_scored_is_a_clear_error(judge):
    lower = "honesty activity is lower for lie than truth"
    assert "score: raw" in judge(lower, neutral=None).error
    assert "no layer 9" in judge(f"{lower} in layer 9").error
    assert "no direction" in judge(lower, pool="max").error
    assert "have no token at tokens 8 to 9" in judge(f"{lower} over tokens 8 to 9").error
    same = {"dull": [texts("calm")[0], "calm again"]}
    STATES["calm again"] = STATES[texts("calm")[0]]
    assert "all score alike" in judge(lower, neutral="dull", sets=same).error
    STATES["calm again"] = STATES[texts("calm")[0]] * (1 + 2e-7)  # rounding is no spread
    assert "all score alike" in judge(lower, neutral="dull", sets=same).error


def test_neutral_prompts_that_hardly_differ_are_told_and_those_that_differ_are_not(judge):
    lower = "honesty activity is lower for lie than truth"
    STATES["calm again"] = STATES[texts("calm")[0]].copy()
    STATES["calm again"][:, 2] += 0.001 * AXIS[2]
    for layer in (0, 1, 3):
        STATES["calm again"][:, layer] += AXIS[layer]
    close = judge(lower, neutral="dull", sets={"dull": [texts("calm")[0], "calm again"]})
    # Two scores that lie d apart have the standard deviation d / sqrt(2).
    neutral = np.array([STATES[text][-1, 2] @ mean_direction(2) for text in (texts("calm")[0], "calm again")])
    tested = np.array([STATES[text][-1, 2] @ mean_direction(2) for text in (*texts("lie"), *texts("truth"))])
    furthest = np.abs(tested - neutral.mean()).max() / np.abs(np.diff(neutral)[0]) * np.sqrt(2)
    [note] = [note for note in close.evidence.notes if "hardly differ" in note]
    assert note.startswith("At layer 2 scores lie up to ")
    assert float(note.split()[7].replace(",", "")) == pytest.approx(furthest, rel=0.01)
    assert not any("hardly differ" in note for note in judge(lower).evidence.notes)
    assert not any(
        "hardly differ" in note for note in judge(f"{{claim: {lower}, score: raw}}").evidence.notes
    )


def test_a_direction_fitted_on_tested_prompts_is_refused(judge):
    with pytest.raises(ClaimFileError):
        judge("honesty activity is lower for fit_false than truth")


def test_the_order_of_the_prompts_changes_no_number(judge):
    claim = "honesty activity is lower for lie than truth in layers 0 to 1 over tokens 1 to 8"
    turned = {
        name: [{"text": text, "pair": text[-1]} for text in reversed(texts(name))]
        for name in ("fit_true", "fit_false")
    } | {"lie": texts("lie")[::-1]}
    for method in ("mean difference", "pca of paired differences"):
        assert judge(claim, method).evidence == judge(claim, method, sets=turned).evidence
