"""Both ways of splitting a text, with Transformers and without, give the same tokens at the same characters."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronclaims.models.chats.templates import Rendered
from neuronclaims.models.splitting import LibrarySplitter, split_by
from neuronclaims.tokens.spans import Span
from neuronclaims.tokens.split_text import SplitText

DEMO = Path(__file__).parents[2] / "neuronclaims" / "demo" / "model"
STORIES = Path(__file__).parents[3] / "shared" / "models" / "stories260k"
PIECES = st.sampled_from(
    ["Hanoi", " Hanoi", "  ", " ", "é", "😀", "\n", "a", " an", "an", "Ǆ", "e\u0301", "<s>", "."]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=8).map("".join)


@cache
def splitters(folder: Path):
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer

    return LibrarySplitter(
        Tokenizer.from_file(str(folder / "tokenizer.json"))
    ), AutoTokenizer.from_pretrained(folder)


def both(folder: Path, text: str) -> tuple[SplitText, SplitText]:
    if not folder.is_dir():
        pytest.skip(f"{folder.name} is not here")
    library, tokenizer = splitters(folder)
    return library(text, Rendered(text)), split_by(tokenizer, [text], [Rendered(text)])[0]


@pytest.mark.parametrize("folder", [DEMO, STORIES], ids=lambda folder: folder.name)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS)
def test_what_is_shown_before_a_run_is_what_a_run_reads(folder: Path, text: str) -> None:
    shown, read = both(folder, text)
    assert (shown.ids, shown.tokens, shown.counts, shown.offsets) == (
        read.ids,
        read.tokens,
        read.counts,
        read.offsets,
    )


@pytest.mark.parametrize("folder", [DEMO, STORIES], ids=lambda folder: folder.name)
@settings(max_examples=60, deadline=None)
@given(before=TEXTS, after=TEXTS)
def test_the_tokens_of_a_text_hold_all_its_characters_and_no_other_token_does(
    folder: Path, before: str, after: str
) -> None:
    text = f"{before} Hanoi{after}".replace("<s>", "s")
    split = both(folder, text)[1]
    assert split.offsets is not None
    places = split.places(Span("every", "Hanoi"))
    wanted = {at + step for at in range(len(text)) if text.startswith("Hanoi", at) for step in range(5)}
    for place, (start, end) in enumerate(split.offsets):
        assert (place in places) == bool(wanted & set(range(start, end)))
    assert wanted <= {each for place in places for each in range(*split.offsets[place])}
