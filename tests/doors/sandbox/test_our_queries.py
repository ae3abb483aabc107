"""Everything that our client asks over GraphQL is understood."""

import inspect
from typing import Any

import pytest
from graphql import parse, validate

from telefonistka_py.github import documents
from telefonistka_py.github.documents import Look
from telefonistka_py.sandbox import Repo
from telefonistka_py.sandbox.graphql import schema
from tests.doors.sandbox.conftest import Caller, opened

FIXED = {
    name: text
    for name, text in vars(documents).items()
    if isinstance(text, str) and text.strip().startswith(("query", "mutation"))
}
VALUES: dict[str, Any] = {"str": "main", "int": 1, "bool": True}


@pytest.mark.parametrize("name", FIXED)
def test_every_fixed_document_is_valid_here(name: str) -> None:
    assert [str(error) for error in validate(schema(), parse(FIXED[name]))] == []


async def test_whatever_is_looked_up_is_answered(bot: Caller, repo: Repo) -> None:
    await opened(repo)
    look, sha = Look(), (await repo.branches())["main"]
    for name, add in inspect.getmembers(look, inspect.ismethod):
        if name.startswith("add_"):
            kinds = {key: part.annotation for key, part in inspect.signature(add).parameters.items()}
            named = {"sha": sha, "expression": "main:dev"}
            add(**{key: named.get(key, VALUES[getattr(kind, "__name__", kind)]) for key, kind in kinds.items()})
    document = look.document("acme", "gitops")
    answer = await bot.graphql(document.text, **document.variables)
    assert "errors" not in answer.body, answer.body["errors"]
    assert len(answer.body["data"]["repository"]) == len(look)
