"""What a registered App is, and what became of its credentials."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Registered:
    """GitHub's answer. Its `repr` shows no secret."""

    app_id: int
    slug: str
    owner: str
    html_url: str
    """The App's page; `/installations/new` below it installs the App."""
    pem: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    """Empty when GitHub made none."""

    @property
    def install_url(self) -> str:
        return f"{self.html_url}/installations/new"


@dataclass(frozen=True)
class Kept:
    """Where the credentials went, and what to do next: for the page and for the terminal. Holds no secret."""

    where: str
    """A sentence."""
    command: str
    """What starts the server with them."""
