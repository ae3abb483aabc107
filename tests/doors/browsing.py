"""A browser without a screen: keeps cookies, reads pages, fills forms in. It runs no script, and finds any there is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

import aiohttp

VOID = frozenset({"meta", "input", "br", "hr", "img", "link", "wbr"})


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a page holds, read as HTML."""

    def __init__(self, status: int, headers: Mapping[str, str], source: str) -> None:
        super().__init__()
        self.status, self.headers, self.source = status, dict(headers), source
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self.tags.append((tag, known))
        if tag not in VOID:
            self._inside.append(tag)
        if tag == "form":
            self.forms.append(Form(known.get("action", "")))
        if tag in ("input", "textarea") and self.forms and "name" in known:
            self.forms[-1].fields[known["name"]] = known.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if "style" not in self._inside:
            self.text += data

    def dangers(self) -> list[str]:
        """What could run, or could fetch something from elsewhere."""
        found = [tag for tag, _ in self.tags if tag in ("script", "iframe", "object", "embed", "base", "link", "style")]
        found.remove("style")  # ours
        for tag, attrs in self.tags:
            found += [f"{tag} {name}" for name in attrs if name.startswith("on") or name == "style"]
            found += [f"{tag} {attrs[name]}" for name in ("href", "action") if _runs(attrs.get(name, ""))]
        return found

    def form(self, ending: str) -> Form:
        """The form whose address ends so."""
        return next(each for each in self.forms if each.action.endswith(ending))

    def links(self) -> list[str]:
        return [attrs.get("href", "") for tag, attrs in self.tags if tag == "a"]

    def has(self, tag: str, **attrs: str) -> bool:
        wanted = {name.rstrip("_"): value for name, value in attrs.items()}
        return any(name == tag and wanted.items() <= known.items() for name, known in self.tags)


def _runs(address: str) -> bool:
    scheme, colon, _ = address.strip().lower().partition(":")
    return bool(colon) and "/" not in scheme and "?" not in scheme and scheme not in ("http", "https", "mailto")


class Browser:
    """Cookies are kept for bare addresses too, as browsers do."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
        )

    async def __aenter__(self) -> "Browser":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    async def get(self, path: str, **headers: str) -> Page:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.url + path, headers=sent) as answer:
            return Page(answer.status, answer.headers, await answer.text())

    async def submit(self, page: Page, ending: str, **fields: str) -> Page:
        """Fills the form in and sends it; answers the page that follows."""
        form = page.form(ending)
        return await self.post(form.action, {**form.fields, **fields})

    async def post(self, path: str, fields: dict[str, str]) -> Page:
        async with self.session.post(self.url + path, data=fields) as answer:
            return Page(answer.status, answer.headers, await answer.text())
