"""`telefonistka templates`: the texts are taken out, changed, and judged before the server meets them."""

import json
from pathlib import Path

import pytest

from telefonistka_py import templates
from telefonistka_py.app import texts
from telefonistka_py.cli import main

ALL = {f"{stem}.j2" for stem in templates.built_in()}


def test_the_list_names_every_text_with_its_variables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["templates", "list"]) == 0
    said = capsys.readouterr().out
    for stem in templates.built_in():
        assert f"{stem}.j2\n" in said
        for name in templates.given(stem):
            assert f"    {name} (" in said


def test_the_list_as_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["templates", "list", "--json"]) == 0
    found = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert set(found) == set(templates.built_in())
    assert found["landing-comment"] == {
        "name": "landing-comment",
        "purpose": "On a promotion pull request that was to be merged by itself, and is not.",
        "variables": [{"name": "why", "type": "str", "meaning": "the reason, without its full stop."}],
    }


def test_what_is_exported_is_used_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new" / "texts"
    assert main.run(["templates", "export", str(folder)]) == 0
    assert {file.name for file in folder.iterdir()} == ALL
    assert main.run(["templates", "check", str(folder)]) == 0
    assert "✗" not in capsys.readouterr().out
    assert {each.stem: each.source for each in texts.look(folder)} == dict(templates.built_in())


def test_an_export_overwrites_nothing_unless_forced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "promotion-pr-title.j2"
    mine.write_text("mine")
    assert main.run(["templates", "export", str(tmp_path)]) == 2
    assert "promotion-pr-title.j2" in capsys.readouterr().err
    assert [file.name for file in tmp_path.iterdir()] == ["promotion-pr-title.j2"], "nothing is written at all"
    assert mine.read_text() == "mine"
    assert main.run(["templates", "export", str(tmp_path), "--force"]) == 0
    assert mine.read_text() == templates.built_in()["promotion-pr-title"]


def test_an_export_to_where_nothing_can_be_written_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert main.run(["templates", "export", str(tmp_path / "file" / "below")]) == 2
    assert "can't be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "source", "said"),
    [
        ("drift-pr-comment.gotmpl", "{{range .Drifts}}x{{end}}", "it is a Go template: write {{ name }} for {{.Name}}"),
        ("landing-comment.j2", "\n{% if %}", "no Jinja2 template, line 2"),
        ("landing-comment.j2", "{{ wy }}", "it uses wy, and is given why"),
        ("auto-merge-comment.gotmpl", "merged", "part of promotion-report-comment"),
        ("argoCD-diff-pr-comment-concise.gotmpl", "x", "part of argoCD-diff-pr-comment"),
        ("promotion-pr-body.j2", "{{ components }}", "it must use metadata"),
        ("argoCD-branch-sync.j2", "- [ ] {{ sync.branch }}", "it must use marker"),
        ("promotion-pr-tilte.j2", "x", "no text of ours has this name"),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    name: str, source: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(source)
    (tmp_path / "promotion-pr-title.j2").write_text("{{ components }}")
    assert main.run(["templates", "check", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("✗")] == [line for line in lines if name in line and said in line]
    assert "✓ promotion-pr-title.j2" in lines


def test_what_is_no_text_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "landing-comment.j2").write_bytes(b"\xff\xfe")
    assert main.run(["templates", "check", str(tmp_path)]) == 1
    assert "no UTF-8" in capsys.readouterr().out


def test_the_names_of_the_go_server_are_taken_with_any_ending(tmp_path: Path) -> None:
    for stem in ("dry-run-pr-comment", "drift-pr-comment", "argoCD-diff-pr-comment"):
        (tmp_path / f"{stem}.gotmpl").write_text("mine")
    assert [each.unused for each in texts.look(tmp_path)] == ["", "", ""]
    assert texts.load(tmp_path).render("drift-pr-comment") == "mine"


def test_of_two_files_for_one_text_ours_is_used_and_the_other_named(tmp_path: Path) -> None:
    (tmp_path / "drift-pr-comment.a").write_text("old")
    (tmp_path / "drift-pr-comment.j2").write_text("new")
    first, second = texts.look(tmp_path)
    assert (first.unused, second.unused) == ("drift-pr-comment.j2 is used for the same text", "")
    assert texts.load(tmp_path).render("drift-pr-comment") == "new"


def test_a_folder_as_kubernetes_mounts_it_is_read(tmp_path: Path) -> None:
    """A ConfigMap's files are links into a hidden folder."""
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "promotion-pr-title.j2").write_text("T")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "promotion-pr-title.j2").symlink_to("..data/promotion-pr-title.j2")
    (tmp_path / ".gitkeep").write_text("")
    assert [(each.stem, each.unused) for each in texts.look(tmp_path)] == [("promotion-pr-title", "")]


def test_a_broken_file_is_warned_of_and_the_others_are_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "promotion-pr-title.j2").write_text("mine")
    (tmp_path / "landing-comment.j2").write_text("{% if %}")
    (tmp_path / "emptied-comment.j2").write_text("{{ surce }}")
    loaded = texts.load(tmp_path)
    assert loaded.render("promotion-pr-title") == "mine"
    assert loaded.render("landing-comment", why="w") == "This promotion is not merged by itself: w."
    assert loaded.render("emptied-comment").startswith("Nothing is left to promote here")
    said = capsys.readouterr()
    logged = said.out + said.err
    for words in ("the built-in text stays", "names that it is not given", "the built-in text was used"):
        assert words in logged


def test_the_folder_is_that_of_the_server_when_none_is_named(tmp_path: Path) -> None:
    import os
    import subprocess
    import sys

    (tmp_path / "promotion-pr-title.j2").write_text("{{ x }}")
    done = subprocess.run(
        [sys.executable, "-m", "telefonistka_py", "templates", "check"],
        env={**os.environ, "TEMPLATES_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "it uses x" in done.stdout


def test_a_folder_that_is_not_there_is_a_wrong_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main.run(["templates", "check", "/nonexistent"]) == 2
    assert "/nonexistent" in capsys.readouterr().err


GO = "it is a Go template: write {{ name }}"


def test_the_text_for_the_status_link_is_looked_at_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "url.txt"
    file.write_text("https://logs.example.com/{{ commit_time.isoformat() }}")
    monkeypatch.setenv("CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH", str(file))
    monkeypatch.delenv("TEMPLATES_PATH", raising=False)
    assert main.run(["templates", "check"]) == 0
    assert capsys.readouterr().out == "✓ url.txt\n"
    file.write_text("https://logs.example.com/{{ .CommitTime }}")
    (tmp_path / "texts").mkdir()
    assert main.run(["templates", "check", str(tmp_path / "texts")]) == 1
    empty, said = capsys.readouterr().out.splitlines()
    assert empty == f"{tmp_path / 'texts'} holds no files: the built-in texts are used."
    assert said.startswith(f"✗ url.txt: not used, {GO}")
    file.write_text("https://logs.example.com/{{ commit_tme }}")
    assert main.run(["templates", "check", "--status-url", str(file)]) == 1
    assert capsys.readouterr().out == "✗ url.txt: not used, it can't be filled: 'commit_tme' is undefined.\n"


def test_nothing_to_check_is_a_wrong_option(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TEMPLATES_PATH", "CUSTOM_COMMIT_STATUS_URL_TEMPLATE_PATH"):
        monkeypatch.delenv(name, raising=False)
    assert main.run(["templates", "check"]) == 2
    assert "name a FOLDER, or set TEMPLATES_PATH" in capsys.readouterr().err


@pytest.mark.parametrize("source", ["{% for %}", "{{ a b }}", "{% endif %}", "{{ .Foo }}", "{{", "{% include %}"])
def test_every_reason_is_a_sentence_with_one_full_stop(
    tmp_path: Path, source: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "landing-comment.j2").write_text(source)
    assert main.run(["templates", "check", str(tmp_path)]) == 1
    said = capsys.readouterr().out.strip()
    assert said.endswith(".")
    assert not said.endswith("..")
