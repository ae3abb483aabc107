"""The door to jq: a process of its own, so that an expression without end harms nobody (N27)."""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path as File
from typing import Any

from telefonistka_py.argocd.model import Answer, Question, Unanswered

SECONDS = 1.0
"""What one answer may take, as in Argo CD."""

_SECONDS_TO_START = 15.0

MOST_STARTS = 4
"""How often the process is started anew after an expression that had to be stopped."""

_CHILD = File(__file__).with_name("jq_child.py")


def answers(questions: Sequence[Question], *, seconds: float = SECONDS, python: str = sys.executable) -> list[Answer]:
    """The paths that each question's expression means, or why there are none. Call it in a thread: it waits.

    An expression that takes longer than `seconds` is stopped, and no longer asked. `python` is what the process runs.
    """
    try:
        return _answers(questions, seconds, python)
    except OSError:
        return [Unanswered("can't be tried, as its process does not start")] * len(questions)


def _answers(questions: Sequence[Question], seconds: float, python: str) -> list[Answer]:
    found: dict[int, Answer] = {}
    stopped: set[str] = set()
    for _ in range(MOST_STARTS):
        due = [at for at, each in enumerate(questions) if at not in found and each.expression not in stopped]
        if not due:
            break
        said = _asked([questions[at] for at in due], seconds, python)
        found.update(zip(due, said, strict=False))
        if len(said) < len(due):
            stopped.add(questions[due[len(said)]].expression)
    late = Unanswered(f"takes longer than {seconds:g} s, or too much memory")
    left = Unanswered("was not tried, as others had to be stopped")
    return [found.get(at, late if each.expression in stopped else left) for at, each in enumerate(questions)]


def _asked(questions: Sequence[Question], seconds: float, python: str) -> list[Answer]:
    """The answers up to the first that does not come in time."""
    child = subprocess.Popen(
        [python, "-I", _CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={},  # what an expression could read of ours
        text=True,
        encoding="utf-8",
    )
    with child:
        feeder = threading.Thread(target=_feed, args=(child, questions))
        feeder.start()
        _next(child, _SECONDS_TO_START)
        found = [answer for _ in questions if (answer := _next(child, seconds)) is not None]
        child.kill()
        feeder.join()
    return found


def _feed(child: "subprocess.Popen[str]", questions: Sequence[Question]) -> None:
    assert child.stdin
    with contextlib.suppress(BrokenPipeError):  # it was stopped
        for each in questions:
            child.stdin.write(json.dumps([each.expression, each.document]) + "\n")
    with contextlib.suppress(BrokenPipeError):
        child.stdin.close()


def _next(child: "subprocess.Popen[str]", seconds: float) -> Answer | None:
    """One answer; None when it does not come in time, and then from every further call."""
    assert child.stdout
    timer = threading.Timer(seconds, child.kill)
    timer.start()
    try:
        line = child.stdout.readline()
    finally:
        timer.cancel()
    return _read(json.loads(line)) if line.endswith("\n") else None


def _read(said: Any) -> Answer:
    if isinstance(said, str):
        return Unanswered(said)
    paths = [tuple(path) for path in said]
    if any(isinstance(step, bool) or not isinstance(step, str | int) for path in paths for step in path):
        return Unanswered("means a part of a list, which can't be left out")
    return tuple(paths)
