"""Starts `telefonistka server` many times a minute: a process that has imported everything forks one per request.

What it forks is a real process of its own, with its own environment and log, that ends by a real SIGKILL; only the
half second that Python takes to import is spent once. Run as a program, this file is that process.
"""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

_MOST_BYTES = 1 << 16


@dataclass(frozen=True)
class Zygote:
    """Forks servers on request."""

    _socket: socket.socket

    def fork(self, environment: Mapping[str, str], log: int) -> int:
        """Starts a server in `environment` that writes to the file descriptor `log`; answers its process id."""
        socket.send_fds(self._socket, [json.dumps(dict(environment)).encode()], [log])
        return int(self._socket.recv(64))


@contextmanager
def running() -> Iterator[Zygote]:
    """The zygote. What it forked and still lives is killed with it."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-m", __name__, str(its.fileno())]
    with ours, subprocess.Popen(command, pass_fds=[its.fileno()]) as process:
        its.close()
        try:
            yield Zygote(ours)
        finally:
            ours.close()
            process.wait(20)


def serve(requests: socket.socket) -> None:
    """Forks until there is nobody left who could ask."""
    import gc

    from telefonistka_py.app import store, wiring  # noqa: F401 - imported so that no child has to
    from telefonistka_py.cli import main, server
    from telefonistka_py.inbox import postgres_store  # noqa: F401
    from telefonistka_py.server import run  # noqa: F401

    assert server.server
    gc.freeze()
    children: set[int] = set()
    while True:
        message, descriptors, _, _ = socket.recv_fds(requests, _MOST_BYTES, 1)
        children -= set(_reaped())
        if not message:
            break
        child = os.fork()
        if child == 0:
            requests.close()
            os.dup2(descriptors[0], 2)
            os.close(descriptors[0])
            os.environ.clear()
            os.environ.update(json.loads(message))
            code = 70
            try:
                code = main.run(["server"])
            finally:
                sys.stderr.flush()
                os._exit(code)
        os.close(descriptors[0])
        children.add(child)
        requests.send(str(child).encode())
    for child in children:
        os.kill(child, signal.SIGKILL)


def _reaped() -> Iterator[int]:
    """The children that have ended since the last look."""
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG)[0]) != 0:
            yield ended


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
