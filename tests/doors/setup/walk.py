"""Walks through the set-up's pages as a browser would, without one."""

import html
import re
from dataclasses import dataclass
from urllib.parse import urljoin

import aiohttp


@dataclass(frozen=True)
class Page:
    url: str
    status: int
    text: str
    headers: dict[str, str]

    def form(self) -> tuple[str, dict[str, str]]:
        """Where the page's form goes, and its fields as they are filled in."""
        [action] = re.findall(r'<form[^>]* action="([^"]*)"', self.text)
        fields = re.findall(r'<input[^>]*\bname="([^"]*)"[^>]*\bvalue="([^"]*)"', self.text)
        return urljoin(self.url, html.unescape(action)), {name: html.unescape(value) for name, value in fields}


@dataclass(frozen=True)
class Person:
    session: aiohttp.ClientSession

    async def get(self, url: str, **query: str) -> Page:
        async with self.session.get(url, params=query) as answer:
            return Page(str(answer.url), answer.status, await answer.text(), dict(answer.headers))

    async def submit(self, page: Page, **typed: str) -> Page:
        """Sends the page's form by POST, and follows where it leads."""
        action, fields = page.form()
        async with self.session.post(action, data=fields | typed) as answer:
            return Page(str(answer.url), answer.status, await answer.text(), dict(answer.headers))

    async def fill(self, page: Page, **typed: str) -> Page:
        """Sends the page's form by GET."""
        action, fields = page.form()
        return await self.get(action, **(fields | typed))
