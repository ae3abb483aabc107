"""What a version bump takes: time of the whole process on a large file, and requests.

    python -m tests.benchmarks.bump

The file has 20,000 lines; the process is started anew each time, and the best of 5 runs counts.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from telefonistka_py.sandbox import Hub

LINES = 20_000
SELECTORS = {
    "one value of a list": '.services[] | select(.name == "svc-3999").image.tag',
    "everything is looked at": '.. | select(. == "1.77.0")',
    "4,000 values": ".services[].image.tag",
}


def large() -> str:
    """Services of five lines each."""
    service = '  - name: "svc-{0}"\n    image:\n      repository: registry.example.com/team/svc-{0}\n'
    service += '      tag: "1.{0}.0" # set by CI\n    replicas: 3\n'
    return "services:\n" + "".join(service.format(number) for number in range(LINES // 5))


def best(arguments: Iterable[str], environ: dict[str, str]) -> float:
    """Seconds."""
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "telefonistka_py", *arguments], check=True, capture_output=True, env=environ
        )
        taken.append(time.perf_counter() - start)
    return min(taken)


def offline(folder: Path) -> None:
    (folder / "large.yaml").write_text(large())
    print(f"| bump-yaml on {LINES:,} lines, `--dry-run` | seconds |\n|---|---|")
    for name, selector in SELECTORS.items():
        arguments = ("bump-yaml", "-f", "large.yaml", "--address", selector, "-n", "2.0", "--dry-run", "--checkout")
        print(f"| {name} | {best((*arguments, str(folder)), dict(os.environ)):.2f} |")


async def online(folder: Path) -> None:
    print("\n| at GitHub | requests | seconds |\n|---|---|---|")
    async with Hub.running(folder / "hub") as hub:
        files = {"large.yaml": large(), "small.yaml": "tag: v1\n"}
        await hub.add_repo("acme/gitops", files=files, collaborators={"bob": "write"})
        environ = {**os.environ, "GITHUB_HOST": hub.url, "GITHUB_OAUTH_TOKEN": hub.user("bob").token}
        for number, (name, arguments) in enumerate(cases().items()):
            given = ("-t", "acme/gitops", "-p", "acme/app", "-s", f"{number:040}", "-a", "bob")
            hub.exchanges.clear()
            start = time.perf_counter()
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "telefonistka_py", *arguments, *given, env=environ, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            assert await process.wait() == 0
            print(f"| {name} | {len(hub.exchanges)} | {time.perf_counter() - start:.2f} |")


def cases() -> dict[str, tuple[str, ...]]:
    small = ("bump-yaml", "-f", "small.yaml", "--address", ".tag", "-n", "v2")
    big = ("bump-yaml", "-f", "large.yaml", "--address", SELECTORS["one value of a list"], "-n", "2.0")
    return {
        "a small file": small,
        f"{LINES:,} lines, more than GraphQL gives": big,
        "two files, one pull request": ("bump", "-e", "small.yaml:.tag=v3", "-e", f"large.yaml:{big[4]}=2.0"),
        "a small file, merged": (*small, "--auto-merge"),
    }


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        offline(Path(name))
        asyncio.run(online(Path(name)))


if __name__ == "__main__":
    main()
