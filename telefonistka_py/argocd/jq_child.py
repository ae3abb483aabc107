"""Runs by itself, as a process that can be killed: reads questions, one JSON line each, and writes an answer to each.

First it writes a line that says it is ready. A question is `[expression, document]`; an answer is a list of paths, or
a sentence that says why there is none.
It imports nothing of this package, so that it starts quickly and can be run from its file alone.
"""

import contextlib
import json
import resource
import sys
from typing import Any

try:
    import jq  # type: ignore[import-not-found, import-untyped, unused-ignore]
except ImportError:
    jq = None

_MEMORY = 1 << 30
"""Bytes; an expression that asks for more fails."""
_MOST_PATHS = 100_000


def main() -> None:
    with contextlib.suppress(OSError, ValueError):  # not every system can hold a process to it
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    programs: dict[str, Any] = {}
    print(json.dumps("ready"), flush=True)  # noqa: T201
    for line in sys.stdin:
        expression, document = json.loads(line)
        print(json.dumps(_answer(programs, expression, document)), flush=True)  # noqa: T201


def _answer(programs: dict[str, Any], expression: str, document: Any) -> Any:
    if jq is None:
        return "can't be used, as the Python package jq is not installed"
    if expression not in programs:
        try:
            programs[expression] = jq.compile(f"[limit({_MOST_PATHS}; path({expression}))]")
        except ValueError:
            programs[expression] = None
    if programs[expression] is None:
        return "is not valid jq"
    try:
        # What jq itself says of a failure may hold values of the document.
        return programs[expression].input_value(document).first()
    except (ValueError, StopIteration, MemoryError):
        return "fails on this object"


if __name__ == "__main__":
    main()
