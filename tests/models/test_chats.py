"""Chats become the text and the tokens that Transformers makes of them, with each message in its place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from cases import for_each
from chat_models import BOS, CHATML, LLAMA, as_dicts, chat, chatting
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Activations, Continuations, Generation, TokenRule
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.chats.proof import as_texts
from neuronclaims.models.chats.templates import ChatTemplate, found_once, template_in, template_of
from neuronclaims.models.sources import open_model
from neuronclaims.prompts import PromptInput

ZEPHYR = (
    "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + "
    "eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n"
    "{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif "
    "%}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}"
)
THINKING = (
    "{%- for message in messages %}{%- set content = message.content %}{%- if message.role == 'assistant' %}"
    "{%- if '</think>' in content %}{%- set content = content.split('</think>')[-1].lstrip('\n') %}{%- endif %}"
    "{% generation %}{{- '<|im_start|>assistant\n' + content }}{% endgeneration %}{%- else %}"
    "{{- '<|im_start|>' ~ message.role ~ '\n' ~ content }}{%- endif %}{{- '<|im_end|>\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
)
LLAMA_3 = (
    "{{- bos_token }}{%- if not date_string is defined %}{%- set date_string = '26 Jul 2024' %}{%- endif %}"
    "{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content']|trim %}"
    "{%- set messages = messages[1:] %}{%- else %}{%- set system_message = '' %}{%- endif %}"
    "{{- '<|start_header_id|>system<|end_header_id|>\n\nToday Date: ' + date_string + '\n\n' + system_message + "
    "'<|eot_id|>' }}"
    "{%- for message in messages %}{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ "
    "message['content'] | trim + '<|eot_id|>' }}{%- endfor %}{%- if add_generation_prompt %}"
    "{{- '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif %}"
)
GEMMA = (
    "{{ bos_token }}{%- if messages[0]['role'] == 'system' -%}{%- set first = messages[0]['content'] + '\n\n' -%}"
    "{%- set loop_messages = messages[1:] -%}{%- else -%}{%- set first = '' -%}{%- set loop_messages = messages -%}"
    "{%- endif -%}{%- for message in loop_messages -%}{%- if (message['role'] == 'assistant') -%}{%- set role = "
    "'model' -%}{%- else -%}{%- set role = message['role'] -%}{%- endif -%}{{ '<start_of_turn>' + role + '\n' + (first "
    "if loop.first else '') }}{%- if message['content'] is string -%}{{ message['content'] | trim }}{%- elif "
    "message['content'] is iterable -%}{%- for item in message['content'] -%}{{ item['text'] | trim }}{%- endfor -%}"
    "{%- endif -%}{{ '<end_of_turn>\n' }}{%- endfor -%}{%- if add_generation_prompt -%}{{'<start_of_turn>model\n'}}"
    "{%- endif -%}"
)
CONTENTS = st.text(alphabet="ab <>|\nuserINST[]/ö", min_size=1, max_size=12).filter(lambda text: text.strip())
TURNS = st.lists(st.tuples(st.sampled_from(("user", "assistant")), CONTENTS), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def tokenizer():
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(chatting.__globals__["MODEL_FOLDER"])


def theirs(tokenizer, template: str, prompt: PromptInput) -> str:
    prefilled = prompt.prefill is not None
    return tokenizer.apply_chat_template(
        as_dicts(prompt),
        chat_template=template,
        tokenize=False,
        add_generation_prompt=not prefilled,
        continue_final_message=prefilled,
    )


@for_each("template", [CHATML, ZEPHYR, THINKING, LLAMA, LLAMA_3, GEMMA])
def test_the_text_is_what_transformers_makes_and_each_range_holds_its_message(template, tokenizer):
    ours = ChatTemplate(template, {"bos_token": BOS, "eos_token": BOS}, "m")

    @settings(max_examples=60, deadline=None, database=None)
    @given(st.booleans(), TURNS)
    def agree(with_system: bool, turns: list[tuple[str, str]]) -> None:
        if template == LLAMA:
            turns = [(("user", "assistant")[place % 2], content) for place, (_, content) in enumerate(turns)]
        prompt = chat(*([("system", " be b ")] if with_system else []), *turns)
        made = ours.rendered(prompt.item)
        assert made.text == theirs(tokenizer, template, prompt)
        told = [(message.role, message.content.strip()) for message in prompt.messages]
        ranges = [(role, made.text[start:end].strip()) for role, start, end in made.ranges]
        # A message that cannot be found for certain has no range; none has a wrong one.
        left = iter(told)
        assert all(each in left for each in ranges), (ranges, told)
        starts = [start for _, start, _ in made.ranges]
        assert starts == sorted(starts)
        if template != THINKING:
            assert ranges == told

    agree()


def test_a_word_of_the_markup_in_a_message_is_not_taken_for_it():
    ours = ChatTemplate("{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}", {}, "m")
    made = ours.rendered(chat(("user", "user"), ("assistant", "user>user")).item)
    assert made.ranges == (("user", 6, 10), ("assistant", 21, 30))
    assert found_once("user user", ["user", "x"]) == [None, None]


def test_ids_are_those_of_apply_chat_template_and_special_tokens_stand_once(tmp_path):
    from transformers import AutoTokenizer

    from neuronclaims.models.options import RunOptions
    from neuronclaims.models.running.encode import encode
    from neuronclaims.models.running.loading import load
    from neuronclaims.models.running.pooled import same_tokens

    source = open_model(str(chatting(tmp_path / "m")), tmp_path)
    ready = load(source, RunOptions())
    own = AutoTokenizer.from_pretrained(source.folder)
    plain = "Hanoi is old."
    chats = [
        chat(("user", "Where is Hanoi?")),
        chat(("system", "Be brief."), ("user", "Where is Hanoi?")),
        chat(("user", "Where is Hanoi?"), ("assistant", "It is in")),
    ]
    rows = encode(ready, [plain, *(each.item for each in chats)], 0)
    assert list(rows[0].ids) == own(plain)["input_ids"]
    for prompt, row in zip(chats, rows[1:], strict=True):
        prefilled = prompt.prefill is not None
        expected = own.apply_chat_template(
            as_dicts(prompt), add_generation_prompt=not prefilled, continue_final_message=prefilled
        )
        assert list(row.ids) == list(getattr(expected, "input_ids", expected))
        assert [place for place, token in enumerate(row.ids) if token == own.bos_token_id] == [0]
        assert row.counts == (False, *[True] * (len(row.ids) - 1))
    typed = own.apply_chat_template(as_dicts(chats[0]), add_generation_prompt=True, tokenize=False)
    plain_row, chat_row = encode(ready, [typed.removeprefix(BOS), chats[0].item], 0)
    assert plain_row.ids == chat_row.ids
    assert len(same_tokens([plain_row, chat_row])) == 2


def test_values_are_those_of_plain_hooks_at_the_token_where_the_assistant_begins(tmp_path):
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # The last token is a special one: it counts all the same, as the answer begins there.
    template = CHATML.replace("<assistant>\n{% endif", "<assistant>{{ bos_token }}{% endif")
    folder = chatting(tmp_path / "m", template, in_settings=True)
    prompts = (chat(("user", "Where is Hanoi?")), chat(("system", "Be brief."), ("user", "Tom went to Hue.")))
    asked = Activations("mlp_post", 2, TokenRule("last", "prompt"), tuple(each.item for each in prompts))
    written = Continuations(asked.prompts, Generation(3))
    found = measure(open_model(str(folder), tmp_path), [asked, written])
    model, own = AutoModelForCausalLM.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    seen = {}
    block = (
        model.transformer.h[2].mlp.act if hasattr(model, "transformer") else model.model.layers[2].mlp.act_fn
    )
    block.register_forward_hook(lambda _module, _in, out: seen.update(value=out))
    for row, prompt in enumerate(prompts):
        ids = own.apply_chat_template(
            as_dicts(prompt), add_generation_prompt=True, return_tensors="pt", return_dict=True
        )["input_ids"]
        with torch.no_grad():
            model(ids)
        assert int(ids[0, -1]) == own.bos_token_id
        np.testing.assert_allclose(found[asked][row], seen["value"][0, -1].numpy(), rtol=1e-4, atol=1e-5)
        tokens = model.generate(ids, max_new_tokens=3, do_sample=False, attention_mask=torch.ones_like(ids))
        answer = own.decode(tokens[0, ids.shape[1] :], skip_special_tokens=True)
        assert found[written][row].strip() == answer.strip()


def test_a_model_without_a_template_and_a_chat_that_its_template_refuses_are_errors_of_one_line(tmp_path):
    two = chat(("user", "a"), ("user", "b"))
    for template, said in (
        (
            None,
            "m has no chat template, so it cannot be given messages such as 'user: a | user: b'. Take the instruct",
        ),
        (
            LLAMA,
            "The chat template of m fails on 'user: a | user: b': Conversation roles must alternate user/assis",
        ),
        (
            "{% for m in messages %}",
            "The chat template of m fails on 'user: a | user: b': Unexpected end of template",
        ),
        ("{{ 1 / 0 }}", "The chat template of m fails on 'user: a | user: b': division by zero."),
        ("{{ messages.__class__.__mro__ }}", "access to attribute '__class__' of 'list' object is unsafe"),
        ("{{ [1, 2] | random }}", "No filter named 'random'"),
    ):
        folder = chatting(tmp_path / str(abs(hash(template))), template)
        with pytest.raises(MeasurementError, match=re.escape(said)) as told:
            template_in(folder, "m").rendered(two.item)
        assert "\n" not in str(told.value)
        assert template_in(folder, "m").rendered("plain").text == "plain"


def test_one_chat_that_is_refused_takes_no_other_measurement_with_it(tmp_path):
    from neuronclaims.engines.measure import measure_each

    source = open_model(str(chatting(tmp_path / "m", LLAMA)), tmp_path)
    rule = TokenRule("last", "prompt")
    good, bad = chat(("user", "a")).item, chat(("user", "a"), ("user", "b")).item
    asked = [Activations("mlp_post", 1, rule, texts) for texts in ((good, "plain"), (bad,), ("plain",))]
    found = measure_each(source, asked)
    assert list(found) == [asked[0], asked[2]]
    assert "roles must alternate" in str(found.failed[asked[1]])


@for_each(
    "template",
    [
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% set r = range(99999) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}",
        "{{ 'a' * 10 ** 12 }}",
        "{{ 'aaaaaaaa' * 1000000 }}",
        "{{ ([1] * 2000000) * 2000000 }}",
        "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% set n = namespace(s='a') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% set n = namespace(s='aaaaaaaaaa') %}{% for i in range(900000) %}{{ n.s }}{% endfor %}",
        " " * 1_000_001,
    ],
)
def test_a_template_that_would_run_or_grow_for_ever_ends(template):
    with pytest.raises(MeasurementError, match="The chat template of m fails"):
        ChatTemplate(template, {}, "m").rendered(chat(("user", "a")).item)


def test_the_day_is_always_the_same_and_that_is_known(tokenizer):
    template = "{{ strftime_now('%d %b %Y') }}{% for m in messages %}{{ m.content }}{% endfor %}"
    ours = ChatTemplate(template, {}, "m")
    assert ours.rendered(chat(("user", "a")).item).text == "26 Jul 2024a"
    assert ours.dated
    assert not ChatTemplate(CHATML, {}, "m").dated
    tokenizer.chat_template = template
    try:
        assert as_texts(tokenizer, "m", [chat(("user", "a")).item])[0].text == "26 Jul 2024a"
    finally:
        tokenizer.chat_template = None


def test_a_tokenizer_that_writes_chats_in_its_own_way_is_refused(tokenizer, monkeypatch):
    monkeypatch.setattr(tokenizer, "chat_template", CHATML)
    monkeypatch.setattr(tokenizer, "apply_chat_template", lambda *_args, **_kwargs: "something else")
    with pytest.raises(MeasurementError, match="writes the chat 'user: a' otherwise than its template does"):
        as_texts(tokenizer, "m", [chat(("user", "a")).item])


def test_a_folder_and_a_tokenizer_object_have_the_same_template(tmp_path):
    from transformers import AutoTokenizer

    several = [{"name": "default", "template": LLAMA}, {"name": "tool_use", "template": CHATML}]
    for number, (written, in_settings) in enumerate(
        [(CHATML, False), (CHATML, True), (several, True), (None, True)]
    ):
        folder = chatting(tmp_path / str(number), written, in_settings=in_settings)
        one = template_in(folder, "m")
        other = template_of(AutoTokenizer.from_pretrained(folder), "m")
        assert one.text == other.text == (LLAMA if written is several else written)
        assert {**other.tokens, **one.tokens} == other.tokens
        assert one.tokens["bos_token"] == BOS


def test_special_tokens_of_older_folders_are_read(tmp_path: Path):
    (tmp_path / "special_tokens_map.json").write_text(
        json.dumps({"bos_token": {"content": "<s>"}, "eos_token": "x"})
    )
    (tmp_path / "tokenizer_config.json").write_text(
        json.dumps({"chat_template": "{{ bos_token }}", "eos_token": "y"})
    )
    found = template_in(tmp_path, "m")
    assert found.tokens == {"bos_token": "<s>", "eos_token": "y"}
    assert found.rendered(chat(("user", "a")).item).text == "<s>"


def test_an_answer_ends_with_the_turn_and_a_plain_text_goes_on(tmp_path, monkeypatch):
    import torch

    from neuronclaims.models.running import passes

    # The settings of the model name <|endoftext|> alone; its template ends what is said with <|pad|>.
    template = CHATML.replace("| trim }}\n", "| trim }}<|pad|>\n")
    source = open_model(str(chatting(tmp_path / "m", template)), tmp_path)
    choose, end = passes._choose, json.loads((source.folder / "config.json").read_text())["pad_token_id"]

    def chosen(ready, hidden, running, *rest):
        steps.append(1)
        made = choose(ready, hidden, running, *rest)
        return torch.full_like(made, end) if len(steps) == 2 else made

    steps: list[int] = []
    monkeypatch.setattr(passes, "_choose", chosen)
    found = {}
    for item in (chat(("user", "Where is Hanoi?")).item, "Where is Hanoi?"):
        steps.clear()
        asked = Continuations((item,), Generation(5))
        measure(source, [asked])
        found[item] = len(steps)
    answer, text = found.values()
    assert answer == 2
    assert text > 2


def test_a_changed_template_is_another_measurement(tmp_path):
    from neuronclaims.cache.run_cache import RunCache

    asked = Activations("mlp_post", 0, TokenRule("last", "prompt"), (chat(("user", "Where is Hanoi?")).item,))
    values = []
    for template in (CHATML, CHATML.replace("<assistant>", "<model>"), CHATML):
        folder = tmp_path / "m" if (tmp_path / "m").exists() else chatting(tmp_path / "m")
        (folder / "chat_template.jinja").write_text(template)
        cache = RunCache(tmp_path / "cache")
        answers = measure(open_model(str(folder), tmp_path), [asked], cache=cache)
        values.append((answers[asked][0], answers.origins))
    first, changed, again = (value for value, _ in values)
    assert not np.array_equal(first, changed)
    assert np.array_equal(first, again)


def test_the_template_of_a_tokenizer_object_is_part_of_what_it_is(tokenizer):
    from neuronclaims.models.identity.tokenizers import hash_tokenizer

    before = hash_tokenizer(tokenizer)
    tokenizer.chat_template = CHATML
    try:
        assert hash_tokenizer(tokenizer) != before
    finally:
        tokenizer.chat_template = None
    assert hash_tokenizer(tokenizer) == before
