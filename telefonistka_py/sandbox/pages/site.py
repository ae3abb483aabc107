"""Answers browsers: which page is shown, which button was pressed."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from aiohttp import web

from telefonistka_py.sandbox.model import Issue, Pull
from telefonistka_py.sandbox.pages import address, blame, conversation, deeds, files, render, visitor
from telefonistka_py.sandbox.pages.address import OWN, Place
from telefonistka_py.sandbox.pages.visitor import Visitor
from telefonistka_py.sandbox.refusal import Refusal, SandboxError

if TYPE_CHECKING:
    from telefonistka_py.sandbox.hub import Hub

RELOADS = 4
"""How often a page comes again by itself after a button was pressed, a second apart: bots answer in a moment."""
_AGAIN = [str(left) for left in range(1, RELOADS + 1)]
_LIST_SECONDS = 5
_NUMBER = re.compile(r"[0-9]{1,9}")
_MOST_ISSUES = 100
_MOST_DELIVERIES = 20


class Site:
    """One hub's pages."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self._key = hub.random_bytes(32)

    async def serve(self, request: web.Request, path: str) -> web.Response:
        """Answers what `address.is_page` said is a page's; `path` is decoded, without the query."""
        if not visitor.is_addressed(self.hub, request):
            return web.Response(status=421, text="The sandbox is not at this address.\n")
        who = visitor.known(self.hub, self._key, request)
        answer = await (self._post(request, path, who) if request.method == "POST" else self._get(request, path, who))
        if who.is_new:
            visitor.remember(answer, request, "visitor", who.id)
        return answer

    # Looking

    async def _get(self, request: web.Request, path: str, who: Visitor) -> web.Response:
        if path == "/":
            return self._home(who)
        place = address.place(self.hub, path)
        if place is None:
            return self._missing(who)
        match place.rest:
            case () | ("pulls",) | ("issues",):
                return await self._repository(place, who)
            case ("pull" | "issues", number, *_) if issue := _numbered(place, number):
                return await self._issue(place, issue, who, request.query.get("again", ""))
            case ("tree", *rest):
                return await self._directory(place, tuple(rest), who)
            case ("blob", *rest):
                return await self._file(place, tuple(rest), who)
            case ("blame", *rest):
                return await self._blame(place, tuple(rest), who)
            case ("commit", sha):
                return await self._commit(place, sha, who)
        return self._missing(who)

    def _home(self, who: Visitor) -> web.Response:
        hub = self.hub
        recent = list(reversed(hub.deliveries[-_MOST_DELIVERIES:]))
        answer = self._page("home", who, repos=list(hub.repos.values()), apps=list(hub.apps.values()), recent=recent)
        answer.headers["Refresh"] = str(_LIST_SECONDS)
        return answer

    async def _repository(self, place: Place, who: Visitor) -> web.Response:
        repo = place.repo
        newest = sorted(repo.issues.values(), key=lambda each: each.number, reverse=True)
        pulls = [each for each in newest if isinstance(each, Pull)]
        answer = self._page(
            "repository",
            who,
            repo=repo,
            open=[each for each in pulls if each.state == "open"],
            closed=[each for each in pulls if each.state != "open"][:_MOST_ISSUES],
            issues=[each for each in newest if not isinstance(each, Pull)][:_MOST_ISSUES],
            branches=await repo.branches(),
        )
        answer.headers["Refresh"] = str(_LIST_SECONDS)
        return answer

    async def _issue(
        self, place: Place, issue: Issue, who: Visitor, again: str = "", problem: str = "", status: int = 200
    ) -> web.Response:
        repo = place.repo
        pull = issue if isinstance(issue, Pull) else None
        is_open = pull is not None and pull.state == "open"
        answer = self._page(
            "issue",
            who,
            status,
            repo=repo,
            issue=issue,
            pull=pull,
            said=conversation.told(repo, issue),
            mentions=list(conversation.mentions(repo, issue)),
            checks=conversation.checked(repo, pull) if pull else [],
            reviewers=conversation.reviewers(pull) if pull else [],
            landing=await conversation.landing(repo, pull) if pull and is_open else None,
            differences=await files.of_pull(repo, pull) if pull else None,
            problem=problem,
        )
        if again in _AGAIN:
            answer.headers["Refresh"] = f"1; url={_address(place, issue)}?again={_AGAIN.index(again)}"
        return answer

    async def _directory(self, place: Place, rest: tuple[str, ...], who: Visitor) -> web.Response:
        found = await files.revision(place.repo, rest)
        entries = await files.directory(place.repo, found[1], found[2]) if found else None
        if found is None or entries is None:
            return self._missing(who)
        listed = [(each.kind, each.name.decode("utf-8", "surrogateescape"), each.mode, each.sha) for each in entries]
        return self._page("directory", who, repo=place.repo, revision=found[0], path=found[2], entries=listed)

    async def _file(
        self, place: Place, rest: tuple[str, ...], who: Visitor, problem: str = "", status: int = 200, typed: str = ""
    ) -> web.Response:
        repo = place.repo
        revision = await files.revision(repo, rest)
        found = await files.file(repo, revision[1], revision[2]) if revision else None
        if revision is None or found is None:
            return self._missing(who)
        entry, content = found
        text = files.text(content.data)
        can_edit = text is not None and revision[0] == repo.default_branch and entry.mode != "120000"
        return self._page(
            "file",
            who,
            status,
            repo=repo,
            revision=revision[0],
            path=revision[2],
            mode=entry.mode,
            size=len(content.data),
            text=text,
            typed=typed or text or "",
            can_edit=can_edit,
            problem=problem,
        )

    async def _blame(self, place: Place, rest: tuple[str, ...], who: Visitor) -> web.Response:
        repo = place.repo
        revision = await files.revision(repo, rest)
        found = await files.file(repo, revision[1], revision[2]) if revision else None
        if revision is None or found is None:
            return self._missing(who)
        lines = None if files.text(found[1].data) is None else await blame.lines(repo, revision[1], revision[2])
        return self._page("blame", who, repo=repo, revision=revision[0], path=revision[2], lines=lines)

    async def _commit(self, place: Place, sha: str, who: Visitor) -> web.Response:
        repo = place.repo
        if not await files.is_commit(repo, sha):
            return self._missing(who)
        message = files.printable(await repo.git.run("log", "-1", "--format=%an, %aI%n%n%B", sha))
        parent = await repo.git.resolve(f"{sha}^1")
        differences = await files.between(repo, parent, sha)
        return self._page("commit", who, repo=repo, sha=sha, message=message, differences=differences)

    # Doing

    async def _post(self, request: web.Request, path: str, who: Visitor) -> web.Response:
        fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
        if not visitor.is_proven(who, fields.get("proof", "")):
            why = "This form was not shown by the sandbox to this browser. Go back, reload the page, and try again."
            return self._page("problem", who, 403, problem=why)
        if path == f"{OWN}person":
            return self._become(request, fields)
        place = address.place(self.hub, path)
        if place is None or who.person is None:
            return self._missing(who)
        match place.rest:
            case ("pull" | "issues", number, deed) if issue := _numbered(place, number):
                return await self._deed(place, issue, who, deed, fields)
            case ("propose",):
                return await self._proposed(place, who, fields)
        return self._missing(who)

    def _become(self, request: web.Request, fields: Mapping[str, str]) -> web.Response:
        back = fields.get("back", "")
        answer = _see(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")
        if any(each.login == fields.get("login") for each in visitor.people(self.hub)):
            visitor.remember(answer, request, "person", fields["login"])
        return answer

    async def _deed(
        self, place: Place, issue: Issue, who: Visitor, deed: str, fields: Mapping[str, str]
    ) -> web.Response:
        assert who.person is not None
        try:
            await deeds.do(place.repo, who.person, issue, deed, fields)
        except deeds.NoSuchDeed:
            return self._missing(who)
        except (Refusal, SandboxError) as refused:
            return await self._issue(place, issue, who, problem=_why(refused), status=_status(refused))
        return _see(f"{_address(place, issue)}?again={RELOADS}")

    async def _proposed(self, place: Place, who: Visitor, fields: Mapping[str, str]) -> web.Response:
        assert who.person is not None
        try:
            pull = await deeds.propose(place.repo, who.person, fields)
        except (Refusal, SandboxError) as refused:
            rest = (place.repo.default_branch, *fields.get("path", "").split("/"))
            return await self._file(place, rest, who, _why(refused), _status(refused), fields.get("content", ""))
        return _see(f"{_address(place, pull)}?again={RELOADS}")

    def _missing(self, who: Visitor) -> web.Response:
        return self._page("problem", who, 404, problem="There is no such page here.")

    def _page(self, name: str, who: Visitor, status: int = 200, **values: object) -> web.Response:
        return render.page(name, status, hub=self.hub, who=who, people=visitor.people(self.hub), **values)


def _numbered(place: Place, number: str) -> Issue | None:
    return place.repo.issues.get(int(number)) if _NUMBER.fullmatch(number) else None


def _address(place: Place, issue: Issue) -> str:
    kind = "pull" if isinstance(issue, Pull) else "issues"
    return f"/{place.repo.name}/{kind}/{issue.number}"


def _see(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


def _why(refused: Refusal | SandboxError) -> str:
    """GitHub's sentence, with those of its list of errors."""
    if isinstance(refused, SandboxError):
        return str(refused)
    more = [each if isinstance(each, str) else str(each.get("message", "")) for each in refused.errors or ()]
    return " ".join(part for part in (refused.message, *more) if part)


def _status(refused: Refusal | SandboxError) -> int:
    return refused.status if isinstance(refused, Refusal) else 422
