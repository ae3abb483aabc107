"""The door to GitHub: exchanges the code of a registration for the App's credentials, once."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import quote

import aiohttp

from telefonistka_py.errors import WorldUnwell
from telefonistka_py.github import failure
from telefonistka_py.setup.model import Registered

_TIMEOUT = aiohttp.ClientTimeout(total=30, connect=10)


async def credentials(rest_url: str, code: str, clock: Callable[[], datetime]) -> Registered:
    """The App that `code` stands for; GitHub answers a code once, within an hour
    (https://docs.github.com/en/rest/apps/apps#create-a-github-app-from-a-manifest).

    Raises `Refused` for a code that GitHub doesn't know (any more), `WorldUnwell` when GitHub can't be reached.
    """
    path = f"/app-manifests/{quote(code, safe='')}/conversions"
    headers = {"Accept": "application/vnd.github+json", "User-Agent": "telefonistka"}
    # The code is as good as the credentials, so that no sentence names it.
    shown = "/app-manifests/…/conversions"
    try:
        async with (
            aiohttp.ClientSession(trust_env=True) as session,
            session.post(rest_url + path, headers=headers, timeout=_TIMEOUT, allow_redirects=False) as answer,
        ):
            content = await answer.read()
            status, said = answer.status, answer.headers
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise WorldUnwell(
            f"GitHub could not be reached for POST {shown}: {str(error) or type(error).__name__}"
        ) from None
    if status >= 300:
        raise failure.of_answer("POST", shown, status, said, _parsed(content), clock())
    return _read(_parsed(content))


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None


def _read(data: Any) -> Registered:
    try:
        owner = data["owner"]
        return Registered(
            app_id=int(data["id"]),
            slug=str(data.get("slug") or data["id"]),
            owner=str(owner.get("login") or owner.get("slug") or ""),
            html_url=str(data["html_url"]).rstrip("/"),
            pem=str(data["pem"]),
            webhook_secret=str(data["webhook_secret"] or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WorldUnwell("GitHub's answer to the registration holds no credentials; delete the App there") from None
