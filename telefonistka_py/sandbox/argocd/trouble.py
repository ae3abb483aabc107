"""What an Argo CD is told to do wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from telefonistka_py.sandbox.faults import Fault, Faults


@dataclass
class Delay(Fault):
    """A request that takes longer."""

    seconds: float = 0.0


class Trouble:
    """The part of an `ArgoCd` that orders faults."""

    def __init__(self) -> None:
        self.faults, self.delays = Faults(), Faults()
        self.without: dict[str, int] = {}
        """Operations that this server lacks, whatever its version, and the status that says so: `generate`: 404, 405 or
        501, `server-side-diff`: 404 or 501. Names are those of the handlers."""

    def will_answer(
        self,
        status: int | None,
        *,
        method: str | None = None,
        path: str | None = None,
        times: int = 1,
        skip: int = 0,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        after_effect: bool = False,
    ) -> Fault:
        """The next `times` matching requests (after `skip` of them) get this answer; None drops the connection.

        `path` is a regular expression, searched in the path without its query. `body`: JSON, text, or a function of the
        real answer (with `after_effect`, when the work is done first); by default an error of the gateway's form.
        """
        fault = Fault(
            status,
            method=method,
            path=path,
            times=times,
            skip=skip,
            headers=dict(headers or {}),
            body=body,
            after_effect=after_effect,
        )
        self.faults.waiting.append(fault)
        return fault

    def will_take(
        self, seconds: float, *, method: str | None = None, path: str | None = None, times: int = 1, skip: int = 0
    ) -> None:
        """The next `times` matching requests are answered that much later."""
        self.delays.waiting.append(Delay(None, method=method, path=path, times=times, skip=skip, seconds=seconds))
