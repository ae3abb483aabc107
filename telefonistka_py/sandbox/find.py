"""GitHub's search, as far as counting issues and pull requests goes."""

import re
from typing import TYPE_CHECKING

from telefonistka_py.sandbox.model import Issue, Pull
from telefonistka_py.sandbox.refusal import Unknown

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub
    from telefonistka_py.sandbox.repository import Repo


def issues(hub: "Hub", query: str) -> "list[tuple[Repo, Issue]]":
    """What `repo: is: state: label: author: base: head:` together leave. Other words raise `Unknown`."""
    found = [(repo, issue) for repo in hub.repos.values() for issue in repo.issues.values()]
    for minus, key, quoted, plain in re.findall(r'(-?)(\w+):(?:"([^"]*)"|(\S+))', query):
        value = (quoted or plain).lower()
        found = [each for each in found if _fits(each[0], each[1], key, value) != bool(minus)]
    rest = re.sub(r'-?\w+:(?:"[^"]*"|\S+)', "", query).strip()
    if rest:
        raise Unknown(f"The sandbox can't search for the words {rest!r}.")
    return found


def _fits(repo: "Repo", issue: Issue, key: str, value: str) -> bool:
    pull = issue if isinstance(issue, Pull) else None
    match key:
        case "repo":
            return repo.name.lower() == value
        case "org" | "user":
            return repo.owner.login.lower() == value
        case "is" | "state" | "type":
            return _is(issue, value)
        case "label":
            return value in [name.lower() for name in issue.labels]
        case "author":
            return issue.author.login.lower() in (value, value.removeprefix("app/") + "[bot]")
        case "base":
            return pull is not None and pull.base_ref.lower() == value
        case "head":
            return pull is not None and pull.head_ref.lower() == value
        case _:
            raise Unknown(f"The sandbox can't search by {key}:{value}.")


def _is(issue: Issue, value: str) -> bool:
    pull = issue if isinstance(issue, Pull) else None
    words = {"pr": pull is not None, "pull-request": pull is not None, "issue": pull is None}
    words |= {"open": issue.state == "open", "closed": issue.state == "closed"}
    words |= {"merged": pull is not None and pull.merged, "unmerged": pull is not None and not pull.merged}
    words |= {"draft": pull is not None and pull.draft}
    if value not in words:
        raise Unknown(f"The sandbox can't search by is:{value}.")
    return words[value]
