"""A neuron's value beside labels of the text: counts and AUROCs by SciPy, from plain Transformers and whole words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from chat_models import CHATML, chat, chatting
from scipy.stats import mannwhitneyu
from tiny_models import CONTEXT, MODELS, WORDS

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import LabelCounts
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.sources import open_model
from neuronclaims.prompts import PromptInput
from neuronclaims.tokens.labels import inside
from neuronclaims.tokens.spans import SpanError
from neuronclaims.tokens.split_text import SplitText

RNG = np.random.default_rng(11)
EDGES = (-0.2, 0.1)


def document(size: int) -> tuple[str, np.ndarray]:
    """A text with labels, and which of its words are nouns.

    Of the verbs' stretches some overlap those of nouns. A noun's stretch takes the spaces around it along, and now and
    then only the last letter; a stretch of nothing but a space is no noun.
    """
    words = RNG.choice(WORDS, size)
    ends = np.cumsum([len(word) + 1 for word in words]) - 1
    nouns = RNG.random(size) < 0.4
    labels = [(0, int(ends[-1]), "sentence")]
    for word, end, noun in zip(words, map(int, ends), nouns, strict=True):
        start = end - len(word)
        if noun:
            labels.append((end - 1 if RNG.random() < 0.3 else max(0, start - 1), end, "noun"))
        elif start:
            labels += [(start - 1, start, "noun"), (start, end, "verb")]
    return PromptInput(" ".join(words)).with_labels(labels).item, nouns


TEXTS = [document(size) for size in (5, 17, CONTEXT + 30)]
DOCUMENTS = (*(item for item, _ in TEXTS), "the old dog ran")


def values(source, text: str) -> np.ndarray:
    """The values of neuron 1:7 at all words of a text, from one forward of each piece."""
    model, tokenizer = source.loaded.model, source.loaded.tokenizer
    ids, found = tokenizer(text)["input_ids"], []
    for start in range(0, len(ids), CONTEXT):
        piece = ids[start : start + CONTEXT]
        with torch.no_grad():
            states = model(torch.tensor([piece]), output_hidden_states=True).hidden_states[2][0]
        kept = [place for place, one in enumerate(piece) if one not in tokenizer.all_special_ids]
        found += states[kept, 7].double().tolist()
    return np.array(found)


@pytest.mark.parametrize("name", MODELS)
def test_counts_are_those_of_the_words_labelled_at_the_words_themselves(hand_over, name) -> None:
    source = hand_over(name)
    asked = LabelCounts("resid_post", 1, 7, "noun", EDGES, DOCUMENTS)
    other = LabelCounts("resid_post", 1, 7, "verb", EDGES, DOCUMENTS)
    answers = measure(source, [asked, other])
    found = asked.columns(answers[asked])
    for row, (item, nouns) in enumerate(TEXTS):
        seen = values(source, PromptInput.of(item).text)
        high, low = seen[nouns], seen[~nouns]
        assert found.positions[row] == len(nouns)
        assert found.hits[row] == nouns.sum() > 0
        share = mannwhitneyu(high, low).statistic / (len(high) * len(low))
        assert found.auroc[row] == pytest.approx(share, abs=1e-6)
        bins = [(seen < -0.2), (seen >= -0.2) & (seen < 0.1), seen >= 0.1]
        np.testing.assert_array_equal(found.by_bin[row], [one.sum() for one in bins])
        np.testing.assert_array_equal(found.hits_by_bin[row], [(one & nouns).sum() for one in bins])
    assert (found.hits[3], found.auroc[3]) == (0, -1)
    assert (answers[other][:3, 1] != answers[asked][:3, 1]).any()


def test_other_labels_of_a_text_are_another_measurement_and_the_same_ones_are_kept(
    source_of, tmp_path, monkeypatch
) -> None:
    source, cache = source_of("gpt2"), RunCache(tmp_path)
    text = PromptInput("the old dog ran")
    ways = [
        [(4, 7, "noun"), (8, 11, "noun")],
        [(8, 11, "noun"), (4, 7, "noun"), (4, 7, "noun")],
        [(8, 11, "noun")],
    ]
    asked = [LabelCounts("mlp_post", 1, 3, "noun", EDGES, (text.with_labels(way).item,)) for way in ways]
    assert [measure(source, [one], cache=cache)[one][0, 1] for one in asked] == [2, 2, 1]
    assert asked[0] == asked[1]
    monkeypatch.setattr("neuronclaims.engines.local.LocalEngine", lambda *_: pytest.fail("measured again"))
    assert [measure(source, [one], cache=cache)[one][0, 1] for one in asked] == [2, 2, 1]


def test_the_labels_of_a_chat_are_of_the_last_message_of_the_user(tmp_path) -> None:
    said = [("user", "Where is Hanoi?"), ("assistant", "In Hanoi."), ("user", "  Is Hanoi old?")]
    labels = [(5, 10, "place"), (0, 2, "place")]
    plain = PromptInput("  Is Hanoi old?").with_labels(labels)
    [one, other] = [
        LabelCounts("mlp_post", 1, 3, "place", EDGES, (each.item,))
        for each in (chat(*said).with_labels(labels), plain)
    ]
    found = measure(open_model(str(chatting(tmp_path / "model")), tmp_path), [one, other])
    assert found[one][0, 1] == found[other][0, 1] > 0
    assert found[one][0, 0] > found[other][0, 0]
    shouting = open_model(str(chatting(tmp_path / "loud", CHATML.replace("trim", "upper"))), tmp_path)
    with pytest.raises(MeasurementError, match="changes the last message of the user"):
        measure(shouting, [one])


def test_a_space_that_begins_a_text_is_no_part_of_it() -> None:
    tokens, places = ("\u2581", "日", "本", "\u2581", "\u2581the"), ((0, 1), (0, 1), (1, 2), (2, 3), (2, 6))
    split = SplitText("日本 the", tokens, (True,) * 5, places, labels=((0, 1, "a"), (2, 3, "b"), (0, 6, "c")))
    assert inside(split, "a") == (False, True, False, False, False)
    assert inside(split, "b") == (False,) * 5
    assert inside(split, "c") == (False, True, True, False, True)
    sign = SplitText("a \u2581", ("a", " \u2581"), (True, True), ((0, 1), (1, 3)), labels=((2, 3, "sign"),))
    assert inside(sign, "sign") == (False, True)
    with pytest.raises(SpanError, match="slow one"):
        inside(replace(sign, offsets=None), "sign")
