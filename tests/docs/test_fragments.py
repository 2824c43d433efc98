"""Parts of claim files on the pages are read: each is put into a whole file, with the files that it names beside it.

So a key that is gone, or a sentence that reads another way by now, is noticed. The frame has what a part leaves out.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from blocks import DOCS, PAGES, Block, blocks_of
from safetensors.numpy import save_file
from shown import ROOT, run_cli

from neuronclaims.demo import MODEL_FOLDER

NOUNS = tuple(
    "dog cat bus train house tree lake road door shop boat bird cake coat desk lamp".split()  # noqa: SIM905
)
HEAD = {
    "version": "1",
    "models": "[demo]",
    "site": "mlp_post",
    "tokens": "last of prompt",
}
CLAIMS = "claims:\n  - neuron 2:340 activates more for one than other\n"
NAMED = {
    "dictionaries": "hanoi baseline articles",
    "directions": "honest lying found_honest found_lying requests questions statements",
    "neurons": "hanoi baseline german_texts english_texts",
    "index": "hanoi baseline fruit",
}
"""The sets that the parts on a page name and do not have."""
PAIRS = {"corruption": "tree_fruit"}
"""The pairs likewise."""
READ_ELSEWHERE = {
    "models": "tests/test_models_page.py",
    "README": "tests/test_readme.py",
}


def fragments() -> list[Block]:
    return [
        block
        for page in PAGES
        for block in blocks_of(page)
        if block.language == "yaml" and block.title is None and not block.reason
    ]


def framed(block: Block) -> str:
    """The part as a whole claim file."""
    own = set(re.findall(r"^(\w+):", block.text, re.M))
    named = NAMED.get(block.page.stem, "one other").split() if "claims" in own else ["one", "other"]
    known = set(re.findall(r"^  (\w+):", block.text, re.M))
    sets = "".join(f"  {name}: {json.dumps(prompts(name))}\n" for name in named if name not in known)
    text = block.text
    if "sets" in own:
        text = re.sub(r"^sets:.*\n", lambda line: line[0] + sets, text, count=1, flags=re.M)
    else:
        text += f"sets:\n{sets}"
    if block.page.stem in PAIRS:
        text += f"pairs:\n{pairs(PAIRS[block.page.stem])}"
    head = "".join(f"{key}: {value}\n" for key, value in HEAD.items() if key not in own)
    return head + text + ("" if "claims" in own else CLAIMS)


def prompts(name: str) -> list[str]:
    return [f"The {noun} of {name.replace('_', ' ')} is old" for noun in NOUNS]


def pairs(name: str) -> str:
    rows = [{"clean": f"An {noun} is old", "corrupted": f"A {noun} is old"} for noun in NOUNS]
    return f"  {name}: {json.dumps(rows)}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all the files that parts name."""
    folder = tmp_path_factory.mktemp("fragments")
    (folder / "pytest.ini").write_text("[pytest]\n")
    shutil.copytree(ROOT / "claims" / "dictionaries", folder / "dictionaries")
    shutil.copytree(ROOT / "tests" / "claim_files" / "data_sets", folder / "kept")
    shutil.copy(folder / "kept" / "moods.parquet", folder / "moods.parquet")
    (folder / "corpus").mkdir()
    vector = np.ones(128, dtype=np.float32)
    save_file({"v": vector}, folder / "refusal.safetensors")
    save_file({"weight": vector, "bias": vector[:1]}, folder / "truth.safetensors")
    for step in ("step1000", "step2000", "step3000"):
        shutil.copytree(MODEL_FOLDER, folder / "checkpoints" / step)
    (folder / "lape.csv").write_text(
        "layer,neuron,language\n" + "".join(f"1,{number},de\n" for number in range(5))
    )
    spans = [{"text": f"The {noun} ran", "spans": [[4, 4 + len(noun), "noun"]]} for noun in NOUNS]
    (folder / "news.jsonl").write_text("".join(json.dumps(row) + "\n" for row in spans))
    talks = [[{"role": "user", "content": f"Where is the {noun}?"}] for noun in NOUNS]
    (folder / "chats.jsonl").write_text("".join(json.dumps({"messages": talk}) + "\n" for talk in talks))
    with (folder / "chats.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["talk"], *([json.dumps(talk)] for talk in talks)])
    (folder / "questions.csv").write_text(
        "question,persona\n" + "".join(f"Who saw the {noun}?,Sing.\n" for noun in NOUNS)
    )
    corpus(folder)
    exchanged(folder)
    return folder


def corpus(folder: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    rows = {"text": [f"The {noun} ran home" for noun in NOUNS], "language": ["en"] * len(NOUNS)}
    parquet.write_table(pyarrow.table(rows), folder / "corpus" / "part-0.parquet")


def exchanged(folder: Path) -> None:
    """Write a log of Inspect and what Neuronpedia shows of a neuron, with as much as is read of them."""
    samples = [
        {
            "id": number,
            "epoch": 1,
            "input": f"Is the {noun} old?",
            "target": "Yes",
            "messages": [{"role": "user", "content": f"Is the {noun} old?"}],
            "scores": {"match": {"value": "CI"[number % 2]}},
        }
        for number, noun in enumerate(NOUNS)
    ]
    told = {"task": "popularity", "model": "hf/x", "metadata": {"fingerprint": "ab" * 32}}
    (folder / "logs").mkdir()
    with zipfile.ZipFile(folder / "logs" / "popularity.eval", "w") as log:
        log.writestr("header.json", json.dumps({"version": 2, "status": "success", "eval": told}))
        for each in samples:
            log.writestr(f"samples/{each['id']}_epoch_1.json", json.dumps(each))
    feature = {"modelId": "gpt2-small", "layer": "6-mlp", "index": "123"}
    shown = [{"tokens": ["Old", " maps"], "values": [0.0, 1.0]}]
    (folder / "neuronpedia-6-mlp-123.json").write_text(json.dumps({**feature, "activations": shown}))


@pytest.mark.parametrize(
    "block",
    [
        block
        for block in fragments()
        if block.page.stem not in READ_ELSEWHERE and not block.text.startswith("- run: ")
    ],
    ids=lambda block: block.place,
)
def test_a_part_of_a_claim_file_is_read(block: Block, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_DATASETS_CACHE", str(folder / "kept" / "cache"))
    (folder / "x.claims.yaml").write_text(framed(block), encoding="utf-8")
    status, said = run_cli(["check", "x.claims.yaml"], folder)
    assert status == 0, f"{block.place}\n{framed(block)}\n{said}"


FOR_SENTENCES = tuple(
    (  # noqa: SIM905
        "hanoi baseline tulip true_answers false_answers texts violent german english harmful refusals requests "
        "questions vietnam documents sums lie truth ioi repeated fresh neutral"
    ).split()
)
IN_SENTENCES = f"""
version: 1
models: [demo]
site: mlp_post
tokens: last of prompt
generate: {{max_new_tokens: 2}}
neurons:
  german_neurons: [2:340, 2:341]
dictionaries:
  sae: {{folder: dictionaries/demo-resid-3, at: resid_post 3}}
directions:
  honesty: {{from: [found_honest, found_lying], method: mean difference, neutral: neutral}}
pairs:
{pairs("tree_fruit")}sets:
  found_honest: {json.dumps(prompts("found honest"))}
  found_lying: {json.dumps(prompts("found lying"))}
  sums: {{file: sums.csv, column: text}}
  documents: {{file: news.jsonl, column: text, labels: spans}}
"""


def test_every_sentence_in_the_list_of_sentences_is_read(folder: Path) -> None:
    page = (DOCS / "claim-files.md").read_text(encoding="utf-8")
    listed = page.partition("## Sentences")[2].partition("In place of one neuron")[0]
    rows = [row.split(" | ", 1)[1] for row in listed.splitlines() if row.startswith("| ")][1:]
    said = [code for row in rows for code in re.findall(r"`([^`]+)`", row) if len(code.split()) > 4]
    whole = [code for code in said if not re.match(r"(\.\.\.|for |more |with |or )", code)]
    sentences = {
        re.sub(r" \[([^\]0-9][^\]]*)\]", optional, code)
        for code in map(completed, whole)
        if "..." not in code
        for optional in ("", r" \1")
    }
    assert len(sentences) > 40
    (folder / "sums.csv").write_text(
        "text,magnitude\n" + "".join(f"{number} + 2 =,{number}\n" for number in range(30))
    )
    sets = "".join(
        f"  {name}: {json.dumps([with_spans(text) for text in prompts(name)])}\n"
        for name in FOR_SENTENCES
        if name not in ("sums", "documents")
    )
    claims = "".join(
        f"  - {json.dumps({'claim': sentence, 'id': f'c{number}', **options(sentence)})}\n"
        for number, sentence in enumerate(sorted(sentences))
    )
    (folder / "x.claims.yaml").write_text(f"{IN_SENTENCES}{sets}claims:\n{claims}", encoding="utf-8")
    status, given = run_cli(["check", "x.claims.yaml"], folder)
    assert status == 0, given


def completed(code: str) -> str:
    """What stands in the list as a part of a sentence, as a whole one."""
    if code.startswith("continuations"):
        return f"ablating mlp_post neuron 3:17 lowers {code}"
    return f"neuron 3:17 {code} in documents" if code.startswith("predicts") and " in " not in code else code


def with_spans(text: str) -> dict[str, object]:
    return {"text": text, "spans": {"subject": text.split()[1], "name": text.split()[3]}}


def options(sentence: str) -> dict[str, str]:
    """What else a sentence needs beside it."""
    return {"margin": "0.1"} if " does not " in sentence and " with more than " not in sentence else {}
