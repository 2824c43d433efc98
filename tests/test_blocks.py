"""Prompts in blocks, end to end: labels are exchanged within blocks only, against plain enumeration."""

from __future__ import annotations

import hashlib
import json
from itertools import combinations, product

import numpy as np
import pytest

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 1, "n_embd": 4, "n_head": 2, "n_positions": 64, "vocab_size": 9}
DAYS = {"up": ["mon", "mon", "mon", "tue", "tue", "tue"], "down": ["mon", "mon", "mon", "mon", "tue", "tue"]}
MORE = "neuron 0:1 activates more for up than down"


def value(prompt: str, index: int) -> float:
    """Noise, a little more for "up", and far more on Tuesdays."""
    noise = int.from_bytes(hashlib.sha256(f"{prompt} {index}".encode()).digest()[:4], "big") / 2**32
    return float(np.float32(noise + 0.5 * prompt.startswith("up") + 5.0 * prompt.endswith("tue")))


def measure(source, measurements, *, cache, options, progress):
    return {
        m: np.array([[value(p, i) for i in range(4)] for p in m.prompts], np.float32) for m in measurements
    }


def prompts(name: str, days: list[str]) -> list[str]:
    return [f"{name} {number} {day}" for number, day in enumerate(days)]


@pytest.fixture
def judge(tmp_path):
    def judge(*claims: str, blocks: bool = True, head: str = "", days=DAYS):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        sets = {
            name: [{"text": text, **({"block": text[-3:]} if blocks else {})} for text in prompts(name, kept)]
            for name, kept in days.items()
        }
        lines = [
            "version: 1",
            "models: [model]",
            "site: resid_post",
            "tokens: last of prompt",
            *head.splitlines(),
        ]
        lines += [f"sets: {json.dumps(sets)}", "claims:", *(f"  - {claim}" for claim in claims)]
        path = tmp_path / "x.claims.yaml"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return list(Study(measure=measure).judge(read_claim_file(path, templates()), "model").values())

    return judge


def within_blocks(statistic) -> float:
    """The share of exchanges within days at which a statistic of (values, days, labels) is as high as observed."""
    texts = prompts("up", DAYS["up"]) + prompts("down", DAYS["down"])
    values, days = np.array([value(text, 1) for text in texts]), np.array([text[-3:] for text in texts])
    labels = np.array([text.startswith("up") for text in texts])
    places = [np.flatnonzero(days == day) for day in ("mon", "tue")]
    ways = [list(combinations(rows, int(labels[rows].sum()))) for rows in places]
    found = []
    for chosen in product(*ways):
        relabelled = np.isin(np.arange(len(texts)), np.concatenate(chosen))
        found.append(statistic(values, days, relabelled))
    return float((np.array(found) >= statistic(values, days, labels) - 1e-9).mean())


def adjusted_difference(values, days, labels) -> float:
    """The coefficient of the label beside one level per day, by least squares."""
    columns = np.column_stack([labels, days == "mon", days == "tue"]).astype(float)
    return float(np.linalg.lstsq(columns, values, rcond=None)[0][0])


def auroc_within(values, days, labels) -> float:
    pairs = [
        (values[i] > values[j]) + 0.5 * (values[i] == values[j])
        for i in np.flatnonzero(labels)
        for j in np.flatnonzero(~labels)
        if days[i] == days[j]
    ]
    return float(np.mean(pairs))


def test_a_contrast_is_tested_and_estimated_within_blocks(judge):
    [blocked] = judge(MORE)
    assert blocked.evidence.test.p_value == pytest.approx(2 * within_blocks(adjusted_difference), abs=1e-12)
    texts = prompts("up", DAYS["up"]) + prompts("down", DAYS["down"])
    values, days = np.array([value(text, 1) for text in texts]), np.array([text[-3:] for text in texts])
    labels = np.array([text.startswith("up") for text in texts])
    assert blocked.evidence.effect.value == pytest.approx(adjusted_difference(values, days, labels), rel=1e-6)
    assert blocked.evidence.other_effects[0].value == pytest.approx(auroc_within(values, days, labels))
    [mixed] = judge(MORE, blocks=False)
    assert mixed.evidence.test.p_value > blocked.evidence.test.p_value


def test_a_separation_is_tested_within_blocks(judge):
    [result] = judge("neuron 0:1 separates up from down")
    high = within_blocks(auroc_within)
    low = within_blocks(lambda values, days, labels: -auroc_within(values, days, labels))
    assert result.evidence.test.p_value == pytest.approx(min(1, 2 * min(high, low)), abs=1e-12)


def test_a_neuron_is_ranked_by_its_t_within_blocks(judge):
    ols = pytest.importorskip("statsmodels.api").OLS
    texts = prompts("up", DAYS["up"]) + prompts("down", DAYS["down"])
    columns = np.array([[t.startswith("up"), t.endswith("mon"), t.endswith("tue")] for t in texts], float)
    t = [
        ols(np.array([value(text, index) for text in texts]), columns).fit(cov_type="HC2").tvalues[0]
        for index in range(4)
    ]
    results = judge(*(f"neuron 0:{index} activates more for up than down" for index in range(4)))
    assert [result.evidence.rank.place for result in results] == [1 + sum(x > y for x in t) for y in t]


def test_prompts_whose_block_the_other_set_lacks_are_left_out_and_counted(judge):
    [result] = judge(MORE, days={"up": [*DAYS["up"], "wed"], "down": DAYS["down"]})
    assert "1 prompt left out: the other set has none with the same block." in result.evidence.notes


def test_claims_in_blocks_are_not_tested_jointly_and_cannot_be_searched_for(judge):
    claims = [f"neuron 0:{index} activates more for up than down" for index in range(3)]
    joint = judge(*claims, head="correction: max-statistic")
    assert [r.evidence.test.p_adjusted for r in joint] == pytest.approx(
        [min(1, 3 * r.evidence.test.p_value) for r in joint]
    )
    [searched] = judge(f"{{claim: {MORE}, searched: layer 0}}")
    assert "cannot be tested within blocks" in searched.error
