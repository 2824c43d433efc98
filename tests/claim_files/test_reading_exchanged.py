"""Files that other tools write: logs of Inspect AI, features of Neuronpedia, neurons of causalab.

Written by hand after ``tests/log/test_eval_log/log_read_sample.json`` of inspect_ai, Neuronpedia's webapp,
``tests/acceptance/test_simple/batch-0.json`` of SAEDashboard, and causalab's ``neurons_feucht2026.json``.
"""

from __future__ import annotations

import json
import os

import pytest
from toy_claims import CLAIM, HEAD, SETS

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.prompts.exchanged import json_files
from neuronclaims.prompts import shown

SHA = "ab" * 32
OTHER = "cd" * 32


def message(role, content, **more):
    return {"id": "KbRXi6VEafgTBTC3vXEACa", "role": role, "content": content, **more}


def sample(number, question, value, **more):
    given = [message("system", "Say Yes or No."), message("user", question, source="input")]
    answer = message("assistant", "Yes\n", source="generate", model="gpt2")
    return {
        "id": number,
        "epoch": 1,
        "input": question,
        "target": " Yes",
        "messages": [*given, answer, message("user", "Are you sure?")],
        "output": {"model": "gpt2", "choices": [{"message": answer, "stop_reason": "stop"}]},
        "scores": {"match": {"value": value, "answer": "Yes", "explanation": "Yes\n"}},
        "metadata": {"label_confidence": 0.89},
        "store": {},
        "events": [{"event": "sample_init", "pending": None}],
        **more,
    }


def log(*samples, **metadata):
    told = {
        "run_id": "XmHATth6rmyTfFuHGKdQRd",
        "created": "2025-07-05T09:59:40-04:00",
        "task": "popularity",
        "dataset": {"name": "popularity", "samples": len(samples)},
        "model": "hf/openai-community/gpt2",
        "config": {"limit": 1, "epochs": 1},
        "metadata": metadata,
    }
    return {"version": 2, "status": "success", "eval": told, "plan": {"name": "plan"}, "samples": [*samples]}


LOG = log(
    sample(1, "Is it wet?", "C"), sample(2, "Is it dry?", "I"), sample(3, "Is it old?", "C"), fingerprint=SHA
)


@pytest.fixture
def taken(read, tmp_path):
    """Return a function that writes JSON into ``x.json`` and reads a set of it by its mapping."""

    def taken(content, mapping=""):
        text = content if isinstance(content, str) else json.dumps(content)
        (tmp_path / "x.json").write_text(text, encoding="utf-8")
        more = f", {mapping}" if mapping else ""
        file = read(
            HEAD + f"sets:\n  a: {{file: x.json{more}}}\n  b: [another prompt]\nclaims:\n"
            "  - neuron 1:2 activates more for a than b\n"
        )
        return file.sets["a"]

    return taken


def texts(found):
    return [shown(prompt.text) for prompt in found.prompts]


def wrong(taken, *given):
    with pytest.raises(ClaimFileError) as caught:
        taken(*given)
    return str(caught.value)


def test_a_log_gives_what_stood_before_the_first_answer_by_its_scores(taken):
    found = taken(LOG, "where: {score: C}")
    alone = taken(LOG, "where: {score.match: I}, id: id")
    chats = texts(taken(LOG))
    assert (len(found.prompts), len(chats)) == (2, 3)
    assert texts(found) == [chats[0], chats[2]]
    assert (texts(alone), alone.prompts[0].id) == ([chats[1]], "2")
    assert all("Say Yes or No." in chat and "Is it" in chat and "sure" not in chat for chat in chats)
    assert not any("Yes\n" in chat for chat in chats)
    plain = taken(
        LOG, "column: input, where: {target: ' Yes', model: hf/openai-community/gpt2, status: success}"
    )
    assert texts(plain) == ["Is it wet?", "Is it dry?", "Is it old?"]


def test_a_log_says_itself_which_model_was_graded_or_the_claim_file_does(taken):
    assert taken(LOG, "graded_by: {column: fingerprint}").graded_by == SHA
    assert taken(LOG, f"graded_by: {OTHER}").graded_by == OTHER
    assert "no column 'fingerprint'" in wrong(
        taken, log(sample(1, "Is it wet?", "C")), "graded_by: {column: fingerprint}"
    )
    half = {"choices": [{"message": message("assistant", "half an emoji: \ufffd")}]}
    assert len(taken(log(sample(1, "Is it wet?", "C", output=half))).prompts) == 1
    edited = {**LOG, "metadata": {"fingerprint": OTHER}}
    assert taken(edited, "graded_by: {column: fingerprint}").graded_by == OTHER


def test_parts_attachments_scores_and_epochs_of_a_log(taken):
    parts = [{"type": "text", "text": "Is it "}, {"type": "text", "text": "attachment://aa"}]
    shots = [message("user", "1 + 1 ="), message("assistant", "2", source="input"), message("user", parts)]
    several = {"grader": {"value": {"kind": 1, "true": 0.5}}, "length": {"value": float("nan")}}
    one = sample(1, "", "C", input=shots, messages=shots, scores=several, attachments={"aa": "wet?"})
    (chat,) = texts(taken(log(one), "where: {score.grader.kind: 1}"))
    assert chat.index("1 + 1 =") < chat.index("2") < chat.index("Is it wet?")
    assert "no column 'score'" in wrong(taken, log(one), "where: {score: C}")
    image = sample(2, "", "I", messages=[message("user", [{"type": "image", "image": "x"}])])
    assert "(this one holds 'image'): only text can be measured" in wrong(taken, log(one, image))
    assert len(taken(log(sample(1, "Is it wet?", "C"), image), "where: {score: C}").prompts) == 1
    lost = sample(1, "attachment://bb", "C")
    assert "x.json:1:1: the text attachment://bb is not among" in wrong(taken, log(lost))
    marked = sample(2, "Is it dry?", "C", invalidation={"author": "me", "reason": "wrong question"})
    assert len(taken(log(sample(1, "Is it wet?", "C"), marked), "where: {invalidated: false}").prompts) == 1
    twice = [sample(1, "Is it wet?", "C", epoch=epoch) for epoch in (1, 2)]
    assert "in this set already" in wrong(taken, log(*twice))
    assert len(taken(log(*twice), "where: {epoch: 2}").prompts) == 1


FEATURE = {
    "modelId": "gpt2-small",
    "layer": "6-mlp",
    "index": "123",
    "activations": [
        {
            "tokens": ["<|endoftext|>", "Hue", " is", "\n", "old"],
            "values": [0, 2.5, 0, 0, 0],
            "maxValue": 2.5,
        },
        {"tokens": ["\u2581Ann", "\u2581sang", "\u010a"], "values": [0.5, 0, 0], "maxValue": 0.5},
        {"tokens": ["half an emoji: \ufffd"], "values": [0.6], "maxValue": 0.6},
        {"tokens": ["\u0120a", " b"], "values": [0.5, 0.0], "maxValue": 0.5},
    ],
    "explanations": [{"description": "names", "typeName": "oai_token-act-pair"}],
}


def test_the_texts_of_a_dashboard_are_prompts_of_discovery(read, tmp_path, problems, taken):
    (tmp_path / "f.json").write_text(json.dumps(FEATURE), encoding="utf-8")
    (tmp_path / "g.json").write_text(json.dumps([FEATURE, {**FEATURE, "index": "7", "activations": []}]))
    for name in ("f.json", "g.json"):
        text = HEAD + f"discovered_on: {{file: {name}}}\n" + SETS + f"claims:\n  - {CLAIM}\n"
        found = read(text).claims[0].discovered
        assert [prompt.text for prompt in found.prompts] == ["Hue is\nold", " Ann sang\n", "\u0120a b"]
    text = HEAD + "discovered_on: {file: f.json}\n" + SETS + "  seen: [hue IS old]\nclaims:\n"
    (problem,) = problems(text + "  - neuron 1:2 activates more for hanoi than seen\n")
    assert "1 prompt stands both in 'discovered_on' and in what is tested" in problem
    assert len(taken(FEATURE, "where: {value: 0.5, index: 123}").prompts) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"eval": ', "x.json:1:1: the file is not valid JSON (line 1"),
        ("[]", "this JSON is none of the formats that are read: it must be a log of Inspect AI, or"),
        ({"samples": []}, "none of the formats"),
        ({**LOG, "samples": None}, "x.json has no rows"),
        ("[" * 200 + "]" * 200, "nested more than 60 levels deep"),
        ({"activations": [{"tokens": [1]}, {"tokens": ["a"]}]}, "x.json:1:1: an activation has no tokens"),
        (
            log(sample(1, "Is it \ufffd?", "C")),
            "stands where a text was decoded wrongly before",
        ),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(taken, content, said):
    assert said in wrong(taken, content)


def test_a_file_is_read_within_bounds_and_through_no_link(taken, read, tmp_path, monkeypatch):
    text = HEAD + "sets:\n  a: {file: NAME}\n  b: [x]\nclaims:\n  - neuron 1:2 activates more for a than b\n"
    outside = tmp_path.parent / "outside_formats.json"
    outside.write_text(json.dumps(LOG))
    os.symlink(outside, tmp_path / "link.json")
    with pytest.raises(ClaimFileError, match="leads out of the project"):
        read(text.replace("NAME", "link.json"))
    monkeypatch.setattr(json_files, "LARGEST", 10)
    assert "at most 0 MB are read" in wrong(taken, LOG)


def test_dashboards_of_other_shapes_and_tokens_as_they_really_are(taken):
    apostrophe = ["\u00e2\u0122", "\u013b"]  # two tokens of GPT-2's that are one character
    text = {
        "tokens": ["They", *apostrophe, "re", " old", "<|endoftext|>", "New", " one"],
        "values": [0, 0, 0, 0, 3, 0, 1, 0],
    }
    batch = {
        "model_id": "gpt2-small",
        "layer": 0,
        "sae_set": "res-jb",
        "features": [{"feature_index": 7, "activations": [{"bin_min": 1.0, **text}]}],
    }
    found = taken(batch, "where: {layer: 0-res-jb, index: 7, model: gpt2-small}")
    assert texts(found) == ["They\u2019re old", "New one"]
    assert texts(taken(batch, "where: {value: 3}")) == ["They\u2019re old"]
    alone = {"modelId": "gemma-2-2b", "layer": "6-mlp", "index": "9", "maxValue": 2, "maxValueTokenIndex": 0}
    cafe = ["<bos>", "\u2581Caf\u00e9", "<0xE2>", "<0x82>", "<0xAC>"]
    listed = [{**alone, "tokens": cafe}, {**alone, "tokens": ["\u00c3\u00a9 is"]}]
    assert texts(taken(listed, "where: {index: 9, value: 2}")) == [" Caf\u00e9\u20ac", "\u00e9 is"]
