"""Sessions of pytest, each in a process of its own that need not import PyTorch, or this package, first.

Importing them takes seconds, most sessions here a fraction of one. So a process that has imported them forks for each
session. Tests about what is imported, about the start of Python, or about sites of other packages (which are known from
the import on) start a new Python instead.

As a program, ``forked.py ARGUMENTS`` is ``python -m pytest ARGUMENTS`` where the environment names the process.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

ADDRESS = "FORKS_PYTEST"
"""The variable of the environment that names the socket of the process that forks."""
SERVER = """
import atexit, gc, importlib, json, os, pkgutil, select, socket, sys
import numpy, pytest, scipy.special, torch, transformers
from transformers import AutoModelForCausalLM, AutoTokenizer, GPT2LMHeadModel, LlamaForCausalLM

import neuronclaims

for module in pkgutil.walk_packages(neuronclaims.__path__, "neuronclaims."):
    if module.name != "neuronclaims.plugin" and not module.name.endswith("__main__"):  # pytest imports its plugins
        importlib.import_module(module.name)
gc.collect()
gc.freeze()
with socket.socket(socket.AF_UNIX) as server:
    server.bind(sys.argv[1])
    server.listen()
    while server in select.select([server, sys.stdin], [], [])[0]:  # until the process of the tests ends
        asking, _ = server.accept()
        text, files, _, _ = socket.recv_fds(asking, 1 << 20, 2)
        while not text.endswith(b"\\n"):
            text += asking.recv(1 << 20)
        child = os.fork()
        if child == 0:
            order = json.loads(text)
            for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), *files)):
                os.dup2(file, number)
            os.chdir(order["folder"])
            os.environ.clear()
            os.environ.update(order["environment"])
            sys.path[:1] = [order["folder"], *order["path"]]
            sys.argv = ["pytest", *order["arguments"]]
            code = int(pytest.main())
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        for file in files:
            os.close(file)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        asking.sendall(str(code).encode())
        asking.close()
os.remove(sys.argv[1])
os.rmdir(os.path.dirname(sys.argv[1]))
"""


RUNNING: list[subprocess.Popen[bytes]] = []
"""What was started, kept so that its standard input stays open."""


@cache
def server() -> str | None:
    """Start the process that forks, once in each process of the tests, and give its address; None where there is none.

    Only on Linux does a process with PyTorch in it fork well.
    """
    if sys.platform != "linux":
        return None
    address = str(Path(tempfile.mkdtemp(prefix="forks"), "pytest"))
    started = subprocess.Popen(
        [sys.executable, "-c", SERVER, address],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
    )
    RUNNING.append(started)
    while not Path(address).exists():
        assert started.poll() is None, "PyTorch or Transformers cannot be imported"
        try:
            started.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
    return address


def ordered(
    address: str, folder: str, arguments: Sequence[str], environment: Mapping[str, str], files: Sequence[int]
) -> int:
    """Have a session run, its output written into two open files, and wait for its exit status."""
    known = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    path = [
        each for each in environment.get("PYTHONPATH", "").split(os.pathsep) if each and each not in known
    ]
    order = {"folder": folder, "arguments": list(arguments), "environment": dict(environment), "path": path}
    with socket.socket(socket.AF_UNIX) as asking:
        while True:
            try:
                asking.connect(address)
                break
            except ConnectionRefusedError:  # it is there and does not listen yet
                continue
        text = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(asking, [text], files)
        asking.sendall(text[sent:])
        return int(asking.recv(16))


def run_pytest(
    folder: Path, arguments: Sequence[str], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pytest`` in a folder, as ``subprocess.run`` does, everything being imported already."""
    command = [sys.executable, "-m", "pytest", *arguments]
    address = server()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        if address is None:
            code = subprocess.run(
                command, cwd=folder, env={**environment}, stdout=out, stderr=err, check=False
            ).returncode
        else:
            code = ordered(address, str(folder), arguments, environment, [out.fileno(), err.fileno()])
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", errors="replace"))
    return subprocess.CompletedProcess(command, code, *texts)


if __name__ == "__main__":
    sys.exit(ordered(os.environ[ADDRESS], os.getcwd(), sys.argv[1:], os.environ, [1, 2]))
