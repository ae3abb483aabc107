"""The wheel works where the source tree is not: built, installed and tried as people would."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from telefonistka_py import templates

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "telefonistka_py"


@dataclass(frozen=True)
class Built:
    wheel: Path
    sdist: Path

    def names(self) -> set[str]:
        """The files of the wheel."""
        with zipfile.ZipFile(self.wheel) as archive:
            return set(archive.namelist())

    def size(self) -> int:
        """Bytes that its files take when they are unpacked."""
        with zipfile.ZipFile(self.wheel) as archive:
            return sum(file.file_size for file in archive.infolist())

    def metadata(self) -> Message:
        with zipfile.ZipFile(self.wheel) as archive:
            [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            return message_from_bytes(archive.read(name))


def build(source: Path, folder: Path, *targets: str) -> None:
    """What `python -m build` does, with the build backend of this environment: nothing is fetched."""
    wanted = [word for target in targets for word in ("--target", target)]
    run([sys.executable, "-m", "hatchling", "build", *wanted, "--directory", str(folder)], source, os.environ)


def run(command: list[str], folder: Path, env: Mapping[str, str]) -> str:
    done = subprocess.run(command, cwd=folder, env=dict(env), capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("dist")
    build(ROOT, folder, "wheel", "sdist")
    [wheel], [sdist] = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


@dataclass(frozen=True)
class Installed:
    """A fresh environment that holds the wheel, and borrows its dependencies from this one."""

    folder: Path
    home: Path
    """An empty one, in which everything is run."""

    @property
    def env(self) -> dict[str, str]:
        return {"PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "HOME": str(self.home), "NO_COLOR": "1"}

    def run(self, *command: str) -> str:
        return run([str(self.folder / "bin" / command[0]), *command[1:]], self.home, self.env)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = str(folder / "bin" / "python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    run([*pip, str(built.wheel)], folder, os.environ)
    # Named by a .pth file, a folder is searched last, and its own .pth files (an editable install's) don't count.
    places = dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib")))
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "borrowed.pth").write_text("\n".join(places))
    return Installed(folder, tmp_path_factory.mktemp("home"))


def shipped() -> set[str]:
    """The files of the package, as the wheel should name them."""
    ours = {
        str(file.relative_to(ROOT))
        for file in PACKAGE.rglob("*")
        if file.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in file.parts)
    }
    demo = ROOT / "config-examples" / "demo"
    return ours | {
        f"telefonistka_py/demo/repository/{file.relative_to(demo)}" for file in demo.rglob("*") if file.is_file()
    }


def test_the_wheel_holds_the_package_whole_and_nothing_else(built: Built) -> None:
    named = {name for name in built.names() if ".dist-info/" not in name}
    assert named == shipped()
    described = {name.partition("/")[0] for name in built.names() - named}
    assert len(described) == 1, "one folder of metadata"


def test_the_wheel_is_typed_and_says_whose_it_is(built: Built) -> None:
    metadata = built.metadata()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "telefonistka_py/py.typed" in built.names()
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in built.names())
    assert (metadata["Name"], metadata["Version"]) == (project["name"], project["version"])
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"
    assert len(metadata.get_all("Project-URL", [])) >= 3
    assert metadata.get_payload(), "the README is the page on the index"


def needed(wanted: list[str]) -> set[str]:
    """The packages that an installation brings along without any extra, in lower case."""
    found: set[str] = set()
    while wanted:
        requirement = Requirement(wanted.pop())
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        name = requirement.name.lower()
        if name not in found:
            found.add(name)
            wanted += distribution(name).requires or []
    return found


def unpacked(name: str) -> int:
    """Bytes of the files that the package's wheel held."""
    files = distribution(name).files
    assert files, f"{name} has no list of its files"
    return sum(file.size or 0 for file in files)


def test_an_installation_takes_less_than_60_megabytes(built: Built) -> None:
    """What pip unpacks for `pip install .`: the files of all wheels, in millions of bytes, pip itself not counted.

    Bytecode is not counted either: Python writes it anew wherever it is missing (`pip install --no-compile`). It adds
    about a third.
    """
    sizes = {name: unpacked(name) for name in needed(built.metadata().get_all("Requires-Dist", []))}
    assert {"aiohttp", "cryptography", "multidict"} <= sizes.keys()
    assert not {"procrastinate", "opentelemetry-sdk", "pytest"} & sizes.keys()
    largest = sorted(sizes.items(), key=lambda each: -each[1])
    assert built.size() + sum(sizes.values()) < 60_000_000, largest[:10]


def test_the_source_archive_builds_the_same_wheel(built: Built, tmp_path: Path) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    build(source, tmp_path / "dist", "wheel")
    [again] = (tmp_path / "dist").glob("*.whl")
    assert Built(again, built.sdist).names() == built.names()
    assert not (source / ".git").exists()


def test_the_package_that_runs_is_the_installed_one(installed: Installed) -> None:
    place = installed.run("python", "-c", "import telefonistka_py; print(telefonistka_py.__file__)").strip()
    assert Path(place).is_relative_to(installed.folder)


def test_the_version_is_that_of_the_package(built: Built, installed: Installed) -> None:
    assert installed.run("telefonistka", "--version") == f"telefonistka, version {built.metadata()['Version']}\n"


@pytest.mark.parametrize("option", [(), ("--component",)])
def test_the_schema_is_there(option: tuple[str, ...], installed: Installed) -> None:
    shown = ROOT / "config-examples" / ("component.schema.json" if option else "telefonistka.schema.json")
    assert installed.run("telefonistka", "schema", *option) == shown.read_text("utf-8")


def test_the_texts_are_there(installed: Installed) -> None:
    said = installed.run("telefonistka", "templates", "list")
    assert [stem for stem in templates.built_in() if f"{stem}.j2\n" not in said] == []


def test_the_demo_plays(installed: Installed) -> None:
    if shutil.which("git") is None:  # the demo needs it, and so does every other lane
        pytest.fail("git is missing")
    assert installed.run("telefonistka", "demo").endswith("Every check held.\n")
