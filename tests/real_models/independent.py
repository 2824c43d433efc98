"""The claim files of this folder judged a second time, with nothing of neuronclaims in between.

Activations come from plain Hugging Face models, one prompt at a time and without padding; tests, intervals and
corrections from SciPy and statsmodels, or from the published formula; the verdict from docs/adr/0042-one-rule.md.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from scipy import optimize, stats
from shapes_brute import interval_of_shape, tails_of_shape
from skewed import mean_interval, mean_p
from skewed_sets import difference_interval, difference_p
from statsmodels.stats.multitest import multipletests

EXACT_UP_TO, DRAWS = 200_000, 9_999
SENTENCE = re.compile(
    r"(?:(?P<site>\w+) )?neuron (?P<layer>\d+):(?P<index>\d+) "
    r"(?:activates (?P<direction>more|less) for|separates) (?P<first>\w+) (?:than|from) (?P<second>\w+)"
    r"(?: by at least (?P<by>[\d.]+)(?P<sd> sd)?)?(?: with AUROC at least (?P<auroc>.+))?"
)


@dataclass(frozen=True)
class Row:
    text: str
    group: str | None = None
    pair: str | None = None


@dataclass(frozen=True)
class WrittenClaim:
    """One claim as it stands in the file."""

    id: str
    said: Mapping[str, str | None]
    site: str
    tokens: str
    new_tokens: int
    first: tuple[Row, ...]
    second: tuple[Row, ...]


@dataclass(frozen=True)
class Interval:
    """An effect with its interval; ``p`` is the smallest alpha at which the interval excludes a number."""

    value: float
    low: float
    high: float
    p: Callable[[float], float]


@dataclass(frozen=True)
class Judged:
    """One claim as it was found; effects by name, ``units`` being the neuron's values that were compared."""

    units: tuple[np.ndarray, np.ndarray]
    p: float
    exact: bool
    p_adjusted: float
    effects: Mapping[str, Interval]
    rank: int | None
    verdict: str


def read(path: Path) -> list[WrittenClaim]:
    """Read a claim file; YAML's BaseLoader leaves every scalar a text."""
    file = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    sets = {name: rows_of(entry, path.parent) for name, entry in file["sets"].items()}
    asked = []
    for entry in file["claims"]:
        here = {**file, **entry}
        said = SENTENCE.fullmatch(entry["claim"]).groupdict()
        new = int(here["generate"]["max_new_tokens"]) if not here["tokens"].endswith("prompt") else 0
        first, second = sets[said["first"]], sets[said["second"]]
        asked.append(
            WrittenClaim(entry["id"], said, said["site"] or here["site"], here["tokens"], new, first, second)
        )
    return asked


def rows_of(entry: Mapping[str, Any], folder: Path) -> tuple[Row, ...]:
    with (folder / entry["file"]).open(encoding="utf-8", newline="") as file:
        rows = [
            row for row in csv.DictReader(file) if all(row[k] == v for k, v in entry.get("where", {}).items())
        ]
    group, pair = entry.get("group"), entry.get("pair")
    return tuple(
        Row(r[entry["column"]], r[group] if group else None, r[pair] if pair else None) for r in rows
    )


class Traces:
    """What a model does on one text: the values of both sites in all layers, at every token."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer

        self.llama = AutoConfig.from_pretrained(folder).model_type == "llama"
        loader = AutoModelForCausalLM if self.llama else AutoModel
        self.model = loader.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        blocks = self.model.model.layers if self.llama else self.model.encoder.layer
        self.outputs = [block.mlp.down_proj if self.llama else block.output.dense for block in blocks]
        self._kept: dict[tuple[str, int], tuple[list[int], int, dict[str, list[np.ndarray]]]] = {}

    def pooled(self, site: str, layer: int, tokens: str, new_tokens: int, text: str) -> np.ndarray:
        """The values of a layer on one text, pooled over the positions that count: [width]."""
        ids, length, values = self.of(text, new_tokens)
        pool, span = tokens.split(" of ")
        start, stop = {
            "prompt": (0, length),
            "generated": (length, len(ids)),
            "emitting": (length - 1, len(ids) - 1),
        }[span]
        special = set(self.tokenizer.all_special_ids)
        counted = [place for place in range(start, stop) if ids[place] not in special]
        chosen = values[site][layer][counted].astype(np.float64)
        return {"last": chosen[-1], "mean": chosen.mean(0), "max": chosen.max(0)}[pool]

    def of(self, text: str, new_tokens: int) -> tuple[list[int], int, dict[str, list[np.ndarray]]]:
        """Token ids, how many of them are the prompt's, and per site and layer the values [tokens, width]."""
        if (text, new_tokens) not in self._kept:
            prompt = self.tokenizer(text, return_tensors="pt")["input_ids"]
            ids = prompt
            if new_tokens:
                ids = self.model.generate(
                    prompt,
                    attention_mask=torch.ones_like(prompt),
                    max_new_tokens=new_tokens,
                    do_sample=False,
                )
            self._kept[text, new_tokens] = ids[0].tolist(), prompt.shape[1], self._forward(ids)
        return self._kept[text, new_tokens]

    def _forward(self, ids: torch.Tensor) -> dict[str, list[np.ndarray]]:
        inner: list[np.ndarray] = []
        handles = [
            module.register_forward_pre_hook(lambda _, args: inner.append(args[0][0].numpy().copy()))
            for module in self.outputs
        ]
        with torch.no_grad():
            hidden = self.model(input_ids=ids, output_hidden_states=True).hidden_states
        for handle in handles:
            handle.remove()
        after = [state[0].numpy() for state in hidden[1:]]
        if self.llama:
            after.pop()  # the last of them is taken behind the final norm, so it is not resid_post
        return {"mlp_post": inner, "resid_post": after}


def judge(path: Path, traces: Traces, alpha: float = 0.05) -> dict[str, Judged]:
    """Judge all claims of a file as one family, corrected by Holm's procedure."""
    return judge_all(read(path), traces, alpha)


def judge_all(asked: Sequence[WrittenClaim], traces: Any, alpha: float = 0.05) -> dict[str, Judged]:
    """Judge some claims as one family; ``traces`` gives the ``pooled`` values of a text."""
    found = [_compare(claim, traces) for claim in asked]
    adjusted = multipletests([p for *_, p, _ in found], method="holm")[1]
    return {
        claim.id: Judged(
            units,
            p,
            exact,
            float(q),
            effects,
            rank,
            verdict(claim.said, effects, units, float(q), alpha),
        )
        for claim, (units, effects, rank, p, exact), q in zip(asked, found, adjusted, strict=True)
    }


def verdict(
    said: Mapping[str, str | None],
    effects: Mapping[str, Interval],
    units: tuple[np.ndarray, np.ndarray],
    p: float,
    alpha: float,
) -> str:
    """Reach a verdict as docs/adr/0042-one-rule.md says: p decides whether, the estimate which way."""
    if np.ptp(np.concatenate(units)) == 0 or (effects["paired"] and np.ptp(units[0] - units[1]) == 0):
        return "inconclusive"
    if p > alpha:
        return "inconclusive"
    effect, marks = effects[measured(said)], boundaries(said)
    if said["direction"] is None:
        return "refuted" if min(marks) < effect.value < max(marks) else "supported"
    beyond = effect.value - marks[0]
    return "supported" if (beyond > 0) == (said["direction"] == "more") else "refuted"


def measured(said: Mapping[str, str | None]) -> str:
    """Return the effect that the verdict rests on."""
    if said["direction"] is None:
        return "AUROC"
    return "standardised" if said["sd"] else "difference"


def boundaries(said: Mapping[str, str | None]) -> tuple[float, ...]:
    """Return what a sentence puts between true and false: its number, for an AUROC on both sides, or no effect."""
    if said["direction"] is None:
        number = float(said["auroc"] or 0.5)
        return (number, 1 - number) if said["auroc"] else (0.5,)
    return (float(said["by"] or 0) * (1 if said["direction"] == "more" else -1),)


def _compare(claim: WrittenClaim, traces: Traces) -> tuple[Any, dict[str, Any], int | None, float, bool]:
    layer, index = int(claim.said["layer"] or 0), int(claim.said["index"] or 0)

    def values(rows: Sequence[Row]) -> np.ndarray:
        return np.stack(
            [traces.pooled(claim.site, layer, claim.tokens, claim.new_tokens, row.text) for row in rows]
        )

    a, b, paired = units(claim.first, values(claim.first), claim.second, values(claim.second))
    x, y, side = a[:, index], b[:, index], {"more": "greater", "less": "less"}.get(claim.said["direction"])
    effects: dict[str, Any] = {"paired": paired, "AUROC": auroc(x, y, paired), **differences(x, y, paired)}
    if claim.said["sd"] and "standardised" in effects:
        effects["standardised"] = _of_any_shape(effects["standardised"], x, y, paired)
    p, exact = p_of(claim.said, x, y, paired, effects)
    mean_in_own_unit = claim.said["direction"] is not None and not claim.said["sd"]
    if mean_in_own_unit and (paired or claim.said["by"]):
        # No p is below the chance that so few prompts hold none of one in five.
        p = max(p, 0.8 ** min(len(claim.first), len(claim.second)))
    return (x, y), effects, rank(a, b, index, paired, side), p, exact


def _of_any_shape(plain: Interval, x: np.ndarray, y: np.ndarray, paired: bool) -> Interval:
    tails = tails_of_shape(x, y, paired)
    low, high = interval_of_shape(tails, plain.value, plain.high - plain.low)
    return replace(plain, low=low, high=high, p=lambda number: min(1.0, 2 * min(tails(number))))


def p_of(
    said: Mapping[str, str | None], x: np.ndarray, y: np.ndarray, paired: bool, effects: Mapping[str, Any]
) -> tuple[float, bool]:
    """p against the sentence's own boundary: of the interval, and where there is one of an exchange of labels.

    The larger counts. Values are shifted by a number in their own unit before labels are exchanged.
    """
    name, marks = measured(said), boundaries(said)
    inverted = max((effects[name].p(mark) for mark in marks), default=0.0) if name in effects else 0.0
    if said["sd"] or said["auroc"]:
        return (inverted if name in effects else 1.0), True
    if said["direction"] is None:
        p, exact = separation_p(x, y, paired)
    else:
        sides = [contrast_p(x - marks[0], y, paired, side) for side in ("greater", "less")]
        p, exact = min(1.0, 2 * min(p for p, _ in sides)), sides[0][1]
    return max(p, inverted), exact


def units(
    first: Sequence[Row], a: np.ndarray, second: Sequence[Row], b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, bool]:
    """Average prompts within what is exchanged: pairs, else groups (paired where both sets have them), else prompts."""
    names = [[row.pair or row.group for row in rows] for rows in (first, second)]
    if names[0][0] is None:
        return a, b, False
    shared = sorted(set(names[0]) & set(names[1]))
    kept = (shared, shared) if shared else (sorted(set(names[0])), sorted(set(names[1])))
    means = [
        np.stack([values[[label == name for label in labels]].mean(0) for name in keep])
        for values, labels, keep in zip((a, b), names, kept, strict=True)
    ]
    if shared:  # float32 promises no more digits: values of a pair that are equal but for noise are ties
        means[1] = np.where(np.abs(means[0] - means[1]) < 1e-5, means[0], means[1])
    return means[0], means[1], bool(shared)


def contrast_p(x: np.ndarray, y: np.ndarray, paired: bool, side: str) -> tuple[float, bool]:
    """p of the difference of means, studentised where the sets differ in size; and whether it is exact.

    Where the smaller set varies more, the larger of it and the p of Welch's t-test.
    """
    total = 2 ** len(x) if paired else math.comb(len(x) + len(y), len(x))
    if paired:
        data, statistic, kind = (x - y,), lambda d, axis: d.mean(axis), "samples"
    elif len(x) == len(y):
        data, statistic, kind = (x, y), lambda x, y, axis: x.mean(axis) - y.mean(axis), "independent"
    else:
        data, kind = (x, y), "independent"

        def statistic(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
            return stats.ttest_ind(x, y, axis=axis, equal_var=False).statistic

    p, exact = _permuted(data, statistic, kind, side, total)
    if not paired and (len(x) - len(y)) * (x.var(ddof=1) - y.var(ddof=1)) < 0:
        p = max(p, float(stats.ttest_ind(x, y, equal_var=False, alternative=side).pvalue))
    return p, exact


def separation_p(x: np.ndarray, y: np.ndarray, paired: bool) -> tuple[float, bool]:
    """Two-sided p of the rank sum: SciPy's exact U test, or labels exchanged within pairs."""
    if paired:
        ranks = stats.rankdata(np.concatenate([x, y]))
        # Exchanging a pair gives the difference of its ranks the other sign.
        sides = ranks[: len(x)] - ranks[len(x) :]
        return _permuted((sides,), lambda d, axis: d.sum(axis), "samples", "two-sided", 2 ** len(x))
    assert len(np.unique(np.concatenate([x, y]))) == len(x) + len(y), "SciPy's exact U test knows no ties"
    return float(stats.mannwhitneyu(x, y, method="exact").pvalue), True


def _permuted(data: Any, statistic: Any, kind: str, side: str, total: int) -> tuple[float, bool]:
    exact = total <= EXACT_UP_TO
    found = stats.permutation_test(
        data,
        statistic,
        permutation_type=kind,
        vectorized=True,
        alternative=side,
        batch=20_000,
        n_resamples=np.inf if exact else DRAWS,
        rng=np.random.default_rng(0),
    )
    return float(found.pvalue), exact


def differences(x: np.ndarray, y: np.ndarray, paired: bool) -> dict[str, Interval]:
    """Difference of means with a t interval corrected for skewness; standardised, by the noncentral t."""
    if np.ptp(np.concatenate([x - y, [0]] if paired else [x, y])) == 0:
        return {}
    if paired:
        spread, size, df = np.std(x - y, ddof=1), math.sqrt(len(x)), len(x) - 1
    else:
        df = len(x) + len(y) - 2
        squares = (len(x) - 1) * np.var(x, ddof=1) + (len(y) - 1) * np.var(y, ddof=1)
        spread, size = math.sqrt(squares / df), math.sqrt(len(x) * len(y) / (len(x) + len(y)))
    low, high = mean_interval(x - y) if paired else difference_interval(x, y)
    difference = float(x.mean() - y.mean())

    def p_of_difference(number: float) -> float:
        if paired:
            return float(mean_p(x - y, number))
        return difference_p(x, y, number)

    t = difference / spread * size
    # T = (Z + nc) / s with s a scaled chi; averaged over s here, because SciPy's nct gives NaN for large t.
    s = stats.chi.ppf((np.arange(20_000) + 0.5) / 20_000, df) / math.sqrt(df)
    wide = 10 + 3 * abs(t)
    limits = [
        optimize.brentq(lambda nc, q=q: stats.norm.cdf(t * s - nc).mean() - q, t - wide, t + wide) / size
        for q in (0.975, 0.025)
    ]
    j = math.exp(math.lgamma(df / 2) - math.lgamma((df - 1) / 2)) / math.sqrt(df / 2)

    def p_of_size(number: float) -> float:
        below = float(stats.norm.cdf(t * s - number * size).mean())
        above = float(stats.norm.sf(t * s - number * size).mean())
        return min(1.0, 2 * min(below, above))

    return {
        "difference": Interval(difference, float(low), float(high), p_of_difference),
        "standardised": Interval(j * difference / spread, *limits, p_of_size),
    }


def auroc(x: np.ndarray, y: np.ndarray, paired: bool) -> Interval:
    """AUROC by counting pairs, with the interval of Newcombe (2006, method 5).

    Its variance is raised by as much as DeLong's (1988) exceeds it at the estimate, or as much as that of normal values
    with the spreads seen exceeds that of equal ones, where the smaller of two sets varies more. For pairs
    the variance is multiplied by that of the differences of placements over that of independent ones, at least 1/n, and
    the quantile is that of t.
    """
    wins = (x[:, None] > y).astype(float) + 0.5 * (x[:, None] == y)
    value, m, n = float(wins.mean()), len(x), len(y)
    over, under = wins.mean(1), wins.mean(0)
    delong = over.var(ddof=1) / m + under.var(ddof=1) / n
    more = (m + n) / 2 - 1
    at_value = (
        value * (1 - value) * (1 + more * (1 - value) / (2 - value) + more * value / (1 + value)) / (m * n)
    )
    raised = max(1.0, delong / at_value) if at_value else 1.0
    spreads = [np.abs(side - np.median(side)).mean() for side in (x, y)]
    if (m - n) * (spreads[0] - spreads[1]) < 0:
        part = spreads[0] ** 2 / (spreads[0] ** 2 + spreads[1] ** 2)
        normal = (math.asin(part) / m + math.asin(1 - part) / n) / (2 * math.pi)
        raised = max(raised, normal / ((1 / m + 1 / n) / 12))
    excess = math.sqrt(raised)
    law, scale = stats.norm, excess
    if paired:
        independent = over.var() + under.var()
        ratio = (over + under).var() / independent if independent > 0 else 1.0
        law, scale = stats.t(n - 1), math.sqrt(max(ratio, 1 / n)) * excess
    reach = float(law.ppf(0.975)) * scale

    def spread(theta: float) -> float:
        inner = 1 + more * (1 - theta) / (2 - theta) + more * theta / (1 + theta)
        return math.sqrt(theta * (1 - theta) * inner / (m * n))

    def gap(theta: float) -> float:
        return abs(value - theta) - reach * spread(theta)

    low = 0.0 if value == 0 else optimize.brentq(gap, 1e-15, min(value, 1 - 1e-9))
    high = 1.0 if value == 1 else optimize.brentq(gap, max(value, 1e-9), 1 - 1e-15)
    return Interval(
        value, low, high, lambda mark: float(2 * law.sf(abs(value - mark) / (scale * spread(mark))))
    )


def rank(a: np.ndarray, b: np.ndarray, index: int, paired: bool, side: str | None) -> int | None:
    """The place of one neuron among its layer: by t in the claimed direction, or by distance of the AUROC from 0.5.

    None where all neurons tie.
    """
    if side is None:
        strength = np.abs(((a[:, None] > b).mean((0, 1)) + (a[:, None] == b).mean((0, 1)) / 2) - 0.5)
    else:
        with np.errstate(all="ignore"):
            test = stats.ttest_rel(a, b) if paired else stats.ttest_ind(a, b, equal_var=False)
        strength = np.nan_to_num(test.statistic if side == "greater" else -test.statistic)
    return None if np.ptp(strength) == 0 else 1 + int((strength > strength[index]).sum())
