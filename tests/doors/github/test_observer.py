"""Whoever observes the requests is told of each one, of those without an answer too, and of a query by its name."""

from collections.abc import Mapping

import pytest

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github.transport import Transport
from tests.doors.github.conftest import Line

Told = tuple[str, str, int, str]


def transport(line: Line, told: list[Told], rest_url: str) -> Transport:
    def observe(method: str, path: str, status: int, headers: Mapping[str, str], seconds: float, query: str) -> None:
        assert seconds >= 0
        told.append((method, path, status, query))

    async def token() -> str:
        return "a-token"

    return Transport(
        line.session,
        rest_url=rest_url,
        graphql_url=f"{line.hub.url}/api/graphql",
        token=token,
        clock=line.clock,
        observe=observe,
        jitter=lambda: 0.0,
    )


async def test_a_query_is_told_by_its_name_and_a_path_without_its_query(line: Line) -> None:
    told: list[Told] = []
    asking = transport(line, told, f"{line.hub.url}/api/v3")
    with pytest.raises(Exception, match="401"):
        await asking.query("Viewer", "query Viewer { viewer { login } }", {})
    with pytest.raises(Exception, match="401"):
        await asking.get("/repos/acme/gitops/pulls?state=all")
    assert told == [
        ("POST", "/api/graphql", 401, "Viewer"),
        ("GET", "/api/v3/repos/acme/gitops/pulls", 401, ""),
    ]


async def test_a_request_without_an_answer_is_told_as_well(line: Line) -> None:
    told: list[Told] = []
    with pytest.raises(WorldUnwell, match="could not be reached"):
        await transport(line, told, "http://127.0.0.1:1").get("/meta")
    assert told == [("GET", "/meta", 0, "")]
