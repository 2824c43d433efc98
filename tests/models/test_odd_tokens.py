"""What is said of texts that hold special tokens or markup, or end in white space: on one model, by its tokenizer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from chat_models import chat, chatting
from tiny_models import save_model
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from neuronclaims.models.chats.odd_tokens import OddTokens, is_odd, odd_tokens
from neuronclaims.models.sources import LoadedModel, open_model
from neuronclaims.prompts.markup import markup_in

WORDS = {"<unk>": 0, "<s>": 1, "one": 2, "two": 3, "▁": 4, "</s>": 5, "[INST]": 6, "<think>": 7}


@pytest.fixture
def source(tmp_path: Path):
    """Return a model whose tokenizer adds <s>, and keeps white space as a token of its own."""
    folder = save_model("llama", tmp_path)
    inner = Tokenizer(models.WordLevel(WORDS, unk_token="<unk>"))
    inner.add_special_tokens(["<s>", "</s>"])
    inner.add_tokens(["<think>"])
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(prepend_scheme="never", split=False), pre_tokenizers.Split("▁", "isolated")]
    )
    inner.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    inner.save(str(folder / "tokenizer.json"))
    return open_model(str(folder), tmp_path)


def said(source, *texts: str) -> OddTokens:
    return odd_tokens(source, {"a": list(texts), "b": ["two"]}).get("a", OddTokens())


def test_a_typed_first_token_is_said_only_where_the_tokenizer_adds_it_too(source):
    found = said(source, "<s>one two", "one")
    name = source.name
    assert found.always == (
        f"1 of 2 prompts of 'a' begins with '<s>', which the tokenizer of {name} writes there, too: the model reads it "
        "twice. Take it out of the texts",
    )
    assert (
        said(source, "one <s> two")
        .always[0]
        .startswith("1 of 1 prompt of 'a' holds '<s>', a special token of ")
    )


def test_special_tokens_are_told_from_markup_that_the_model_lacks_and_from_tokens_that_are_text(source):
    found = said(
        source, "one </s>", "one </s> two", "one <|im_start|> two", "<think> one", "[INST] one", "1 < 2 [x]"
    )
    start = [sentence.partition(":")[0] for sentence in found.always]
    assert start == [
        f"2 of 6 prompts of 'a' hold '</s>', a special token of {source.name}",
        "1 of 6 prompts of 'a' holds '<|im_start|>', markup of other models' chats",
    ]
    assert found.last == ()


def test_white_space_at_the_end_is_said_where_it_is_a_token(source):
    (sentence,) = said(source, "one two ", "one ", "two").last
    assert sentence.startswith(
        f"2 of 3 prompts of 'a' end in '▁', white space that {source.name} reads as a token of"
    )
    assert said(source, "two").last == ()


def test_plain_texts_cost_nothing(source, monkeypatch):
    monkeypatch.setattr(
        "neuronclaims.models.chats.odd_tokens.splitter_of", lambda _source: pytest.fail("read")
    )
    assert odd_tokens(source, {"a": ["one two"], "b": [chat(("user", "one ")).item]}) == {}
    assert [text for text in ("a", "a ", "<b>", "[x]", "a\n") if is_odd(text)] == ["a ", "<b>", "[x]", "a\n"]


def test_markup_of_the_models_own_template_and_messages_that_hold_special_tokens_are_said(tmp_path):
    template = "{% for m in messages %}[INST] {{ m.content }} [/INST]{% endfor %}"
    source = open_model(str(chatting(tmp_path / "m", template)), tmp_path)
    found = said(source, "[INST] Where is Hanoi? [/INST]")
    assert found.always == (
        "1 of 1 prompt of 'a' holds '[INST]', which the chat template of m writes around messages. Take it out, or "
        "write 'messages' where a chat is meant",
    )
    found = said(
        source,
        chat(("user", "Where <|endoftext|> is Hanoi?")).item,
        chat(("user", "x"), ("assistant", "y ")).item,
    )
    assert found.always == (
        "1 of 2 prompts of 'a' holds '<|endoftext|>', a special token of m: it is read as that token, and does not "
        "count as text. Take it out",
    )
    refused = chatting(tmp_path / "n", None)
    assert said(open_model(str(refused), tmp_path), chat(("user", "<s> a")).item) == OddTokens()


def test_a_tokenizer_object_is_asked_as_a_folder_is(tmp_path):
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = chatting(tmp_path / "m")
    handed = LoadedModel(AutoModelForCausalLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder))
    texts = ("a <|endoftext|> b", "a <|im_start|> b", "<s>a", "a ")
    assert said(open_model("m", tmp_path, {"m": handed}), *texts) == said(
        open_model(str(folder), tmp_path), *texts
    )


def test_a_tokenizer_that_fails_or_tells_nothing_says_nothing_here(source, tmp_path):
    class Bare:
        def __call__(self, texts, **_settings):
            return {"input_ids": [[2] for _ in texts]}

    handed = replace(source, folder=None, loaded=LoadedModel(object(), Bare()))
    assert said(handed, "<s>one", "one ") == OddTokens()
    assert said(source, "<s>one").always
    (source.folder / "tokenizer.json").write_text("{}")
    assert said(source, "<s>one") == OddTokens()


def test_only_texts_that_hold_something_are_split(source, monkeypatch):
    from neuronclaims.models.splitting import LibrarySplitter

    split, texts = LibrarySplitter.__call__, []

    def seen(self, item, *more, **named):
        texts.append(item)
        return split(self, item, *more, **named)

    monkeypatch.setattr(LibrarySplitter, "__call__", seen)
    said(source, "a[0] < b[1]", "list[int]", "<div>", "<s> one", "one <|im_end|>", "one ", "one\n", "</s>")
    assert set(texts) == {"<s> one", "one <|im_end|>", "one ", "one\n", "</s>"}


def test_markup_is_found_in_texts_and_messages():
    assert markup_in("a <|start_header_id|>user") == "<|start_header_id|>"
    assert markup_in(chat(("user", "a"), ("assistant", "<end_of_turn>")).item) == "<end_of_turn>"
    assert markup_in("<｜User｜>a") == "<｜User｜>"
    for text in ("a < b > c", "[inst]", "<p>", "<|>", "|a|", chat(("user", "a")).item):
        assert markup_in(text) is None
