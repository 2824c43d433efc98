"""The journey of claims about chats: planned, judged and told, readable everywhere."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "models"))
from chat_models import CHATML, chatting

from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.planning.model_plans import planned
from neuronclaims.planning.text import lines
from neuronclaims.study import Study

QUESTIONS = [
    "Where is Hanoi?",
    "Who wrote Faust?",
    "How old is the moon?",
    "Why do cats sleep?",
    "Is it <b>late</b>?",
]
CLAIMS = """version: 1
models: [m]
site: mlp_post
tokens: last of prompt
sets:
  brief: {as: user, system: Be brief., prompts: %s}
  told: {as: user, prefill: 'Well, ', prompts: %s}
claims:
  - {claim: neuron 2:34 activates more for brief than told, id: begins}
  - {claim: neuron 2:34 separates brief from told, id: words, tokens: mean of user}
  - {claim: neuron 2:34 separates brief from told, id: system, tokens: mean of system}
  - {claim: neuron 2:34 separates brief from told, id: answers, tokens: last of generated,
     generate: {max_new_tokens: 3}}
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Return a claim file about chats, beside a model whose template asks for the date."""
    folder = tmp_path_factory.mktemp("chats")
    template = "{{ strftime_now('%Y') }}" + CHATML
    chatting(folder / "m", template)
    other = [
        f"{question[:-1]} <|endoftext|> <|im_end|>?" if "moon" in question else f"{question} Say it."
        for question in QUESTIONS
    ]
    path = folder / "x.claims.yaml"
    path.write_text(CLAIMS % (json.dumps(QUESTIONS), json.dumps(other)))
    return read_claim_file(path, templates())


def test_a_dry_run_shows_the_first_chat_as_the_model_reads_it_and_what_cannot_be_read(file):
    told = "\n".join(lines(planned([file], "m")))
    first = "'2024<|endoftext|><system>\\nBe brief.\\n<user>\\nWhere is Hanoi?\\n<assistant>\\n'"
    assert f"brief, its first chat as the model reads it: {first}; the template asks for the date" in told
    assert "'2024<|endoftext|><user>\\nWhere is Hanoi? Say it.\\n<assistant>\\nWell,'" in told
    assert "has no message of the role 'system'" in told
    assert "1 of 5 prompts of 'told' holds '<|endoftext|>', a special token of m" in told
    assert (
        "1 of 5 prompts of 'told' holds '<|im_end|>', markup of other models' chats: m has no such token"
        in told
    )
    assert "\0" not in told


def test_claims_about_chats_are_judged_and_their_prompts_can_be_read(file, tmp_path):
    results = Study(cache=tmp_path).judge(file, "m")
    assert [each.verdict is None for each in results.values()] == [False, False, True, False]
    assert "The chat 'user: " in (results["system"].error or "")
    named = [name for row in results["begins"].evidence.figures[0].rows for name in row.names]
    assert "system: Be brief. | user: Where is Hanoi?" in named
    assert any(name.startswith("user: Where is Hanoi? Say it. | assistant: Well, ") for name in named)
    written = [name for row in results["answers"].evidence.figures[0].rows for name in row.names]
    assert all("⟶" in name for name in written)
    for result in results.values():
        assert "\0" not in json.dumps(asdict(result), default=str)
        assert any("special token of m" in warning for warning in result.data.warnings)
        assert "'<|endoftext|>'" in " ".join(result.data.warnings)
