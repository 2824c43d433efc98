"""Sessions of pytest that run a model, each in a process of its own that need not import PyTorch first.

Importing PyTorch and Transformers takes seconds, most sessions here a fraction of one. So a process that has imported
them, and nothing of ours, forks for each session. Tests about what is imported start a new Python instead.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

SERVER = """
import atexit, gc, json, os, sys
import numpy, pytest, scipy.special, torch, transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel, LlamaForCausalLM

gc.collect()
gc.freeze()
for line in sys.stdin:
    order = json.loads(line)
    child = os.fork()
    if child == 0:
        for number, name in enumerate((os.devnull, order["out"], order["err"])):
            os.dup2(os.open(name, os.O_RDWR), number)
        os.chdir(order["folder"])
        os.environ.clear()
        os.environ.update(order["environment"])
        sys.path[:1] = [order["folder"], *order["path"]]
        sys.argv = ["pytest", *order["arguments"]]
        sys.stdin = open(os.devnull)
        code = pytest.console_main()
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@cache
def server() -> subprocess.Popen[str]:
    """Start the process that forks, once in each process of the tests."""
    started = subprocess.Popen(
        [sys.executable, "-c", SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    atexit.register(started.kill)
    return started


def run_pytest(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pytest`` in a folder, as ``subprocess.run`` does, PyTorch being imported already."""
    command = [sys.executable, "-m", "pytest", *arguments]
    if sys.platform != "linux":  # elsewhere a process with PyTorch in it does not fork well
        return subprocess.run(
            command,
            cwd=folder,
            env={**environment},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    running = server()
    assert running.stdin is not None
    assert running.stdout is not None
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [
        each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each and each not in known
    ]
    with tempfile.TemporaryDirectory() as written:
        out, err = Path(written, "out"), Path(written, "err")
        for file in (out, err):
            file.touch()
        order = {
            "folder": str(folder),
            "arguments": list(arguments),
            "environment": dict(environment),
            "path": path,
            "out": str(out),
            "err": str(err),
        }
        running.stdin.write(json.dumps(order) + "\n")
        running.stdin.flush()
        code = int(running.stdout.readline())
        texts = [file.read_text(encoding="utf-8", errors="replace") for file in (out, err)]
    return subprocess.CompletedProcess(command, code, *texts)
