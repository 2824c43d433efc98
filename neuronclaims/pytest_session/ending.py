"""End a session on SIGTERM as on Ctrl-C, so that the results so far are still written."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import NoReturn

import pytest


class Terminated(KeyboardInterrupt):
    """The session was asked to end: by a scheduler, a container, a cancelled CI job."""


def end_gently(config: pytest.Config) -> None:
    """Let SIGTERM interrupt the session, unless somebody else handles it; restore the handler at the end."""
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return
    signal.signal(signal.SIGTERM, _terminate)
    config.add_cleanup(_put_back)


def _put_back() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(_: int, __: FrameType | None) -> NoReturn:
    # Schedulers that signal twice must not meet a report half-told.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated("the run was told to terminate (SIGTERM)")
