"""What a tokenizer makes of texts that end in white space or begin with a token that it adds itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny_models import save_model
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from neuronclaims.measurements import Activations, TokenRule
from neuronclaims.models.sources import open_model
from neuronclaims.models.tokenization_check import check_tokenization

TEXTS = ("one two", "one two ", "<s> one", "two two")


@pytest.mark.parametrize("adds", [True, False])
def test_the_last_token_and_a_doubled_first_one_are_found(tmp_path: Path, adds: bool) -> None:
    folder = save_model("llama", tmp_path)
    words = {"<unk>": 0, "<s>": 1, "one": 2, "two": 3, " ": 4}
    inner = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    inner.add_special_tokens(["<s>"])
    inner.pre_tokenizer = pre_tokenizers.Split(" ", "isolated")
    if adds:
        inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    inner.save(str(folder / "tokenizer.json"))
    source = open_model(str(folder), tmp_path)
    known = check_tokenization(source, [Activations("resid_post", 0, TokenRule("mean", "prompt"), TEXTS)])
    assert known is not None
    assert known.ends == {"one two ": " "}
    assert known.twice == ({"<s> one": "<s>"} if adds else {})
    assert known.lengths == {
        "one two": 3 + adds,
        "one two ": 4 + adds,
        "<s> one": 3 + adds,
        "two two": 3 + adds,
    }
    assert known.tokens == 13 + 4 * adds
