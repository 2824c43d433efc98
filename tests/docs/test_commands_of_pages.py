"""Commands that no test runs: each says why, and could be run, as its program, options and files exist."""

from __future__ import annotations

import re

import pytest
from blocks import PAGES, Block, blocks_of
from commands import lines_of, problem

COMMANDS = ("", "sh", "bash")
"""The languages of blocks that hold commands which are not run."""
MADE = re.compile(r"docs/(kinds/\w+|commands)\.md")
"""Pages whose blocks without a language are made from the code, as tests beside it hold."""
NOT_RUN = {
    r"^make ": "sets up environments from a package index; make claims and make test are what CI runs",
    r"^pip install ": "installs from a package index",
    r"--download": "downloads a model",
    r"^neuronclaims reproduce": "needs a published model; tests/published runs each on a small model of its shape",
    r"--engine|claims-engine": "starts Ray; tests/engines runs workers",
    r"/shared/": "needs a cluster and a disk of its machines; the page runs shares on one machine",
    r"--device cuda|--gpus": "needs a GPU",
    r"^inspect ": "Inspect AI is not installed",
    r"^python benchmarks/": "takes minutes or hours, and makes a page or an ADR",
    r"--claims-model mine=models/mine": "names a folder of the reader's",
}


def commands() -> list[tuple[Block, str]]:
    found = []
    for page in PAGES:
        for block in blocks_of(page):
            shape = block.language == "" and MADE.fullmatch(str(block.place).partition(":")[0])
            not_run = block.language == "console" and block.reason
            if (block.language in COMMANDS or not_run) and not shape and block.title is None:
                found += [(block, line) for line in lines_of(block.text)]
    return found


def test_every_command_that_is_not_run_could_be_run(pytestconfig: pytest.Config) -> None:
    told = [(block, problem(command, pytestconfig._parser)) for block, command in commands()]
    assert len(told) > 20
    assert not [f"{block.place}: {said}" for block, said in told if said]


def test_every_command_that_is_not_run_has_a_reason() -> None:
    told = [(block, command) for block, command in commands() if not block.reason]
    unsaid = [
        f"{block.place}: {command}"
        for block, command in told
        if not any(re.search(pattern, command) for pattern in NOT_RUN)
    ]
    assert not unsaid, "run it in a console block, or say in NOT_RUN why not"
    unused = [p for p in NOT_RUN if not any(re.search(p, command) for _, command in commands())]
    assert not unused


def test_every_command_within_a_sentence_could_be_run(pytestconfig: pytest.Config) -> None:
    """Of commands within sentences those that are whole: without an ellipsis, and not the name of a command alone."""
    wrong, seen = [], 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in blocks_of(page):
            text = text.replace(block.text, "")
        for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text):
            whole = re.match(r"(neuronclaims|pytest|make|pip install|(?:[A-Z]+=\S+ )?python) \S", code)
            name = re.fullmatch(r"neuronclaims( [a-z]+| COMMAND --help)", code)
            if whole and not name and "..." not in code and "…" not in code:
                seen += 1
                said = problem(code, pytestconfig._parser)
                wrong += [f"{page.name}: {said}"] if said else []
    assert seen > 60
    assert not wrong
