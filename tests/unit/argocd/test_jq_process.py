"""jq, asked for real."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from telefonistka_py.argocd import jq_process
from telefonistka_py.argocd.model import Question, Unanswered

DOCUMENT: dict[str, Any] = {"a": [{"b": 1}, {"b": 2}], "hush": "hush"}


def answer(expression: str) -> object:
    [only] = jq_process.answers([Question(expression, DOCUMENT)])
    return only


def test_each_question_has_its_own_answer() -> None:
    expressions = [".a[].b", ".a[0]", ".none", ".a[", ".hush[]"]
    assert jq_process.answers([Question(each, DOCUMENT) for each in expressions]) == [
        (("a", 0, "b"), ("a", 1, "b")),
        (("a", 0),),
        (("none",),),
        Unanswered("is not valid jq"),
        Unanswered("fails on this object"),
    ]
    assert jq_process.answers([]) == []


def test_an_expression_without_end_is_stopped_and_the_others_are_answered() -> None:
    """N27"""
    endless = "def f: f; f"
    questions = [Question(each, DOCUMENT) for each in (".a", endless, ".hush", endless)]
    found = jq_process.answers(questions, seconds=0.5)
    late = Unanswered("takes longer than 0.5 s, or too much memory")
    assert found == [(("a",),), late, (("hush",),), late]


def test_after_some_that_had_to_be_stopped_no_more_are_tried() -> None:
    questions = [Question(f"def f: f; f | {number}", DOCUMENT) for number in range(jq_process.MOST_STARTS + 2)]
    found = jq_process.answers(questions, seconds=0.1)
    assert found[-1] == Unanswered("was not tried, as others had to be stopped")
    assert len(set(map(str, found))) == 2


def test_an_answer_without_end_is_cut_off_by_memory_or_time() -> None:
    """N27"""
    assert isinstance(jq_process.answers([Question("[range(1e9)]", DOCUMENT)], seconds=0.5)[0], Unanswered)


def test_documents_longer_than_any_pipe_holds_are_answered_or_left() -> None:
    document = DOCUMENT | {"long": "x" * 300_000}
    asked = [Question(each, document) for each in (".a", "def f: f; f", ".a", ".hush")]
    found = jq_process.answers(asked, seconds=0.5)
    assert [each for each in found if not isinstance(each, Unanswered)] == [(("a",),), (("a",),), (("hush",),)]


def test_without_jq_and_without_a_process_that_is_said() -> None:
    child = Path(jq_process.__file__).with_name("jq_child.py")
    run = [sys.executable, "-I", "-S", str(child)]  # without the packages that are installed
    said = subprocess.run(run, input='[".a", {}]\n', capture_output=True, text=True, check=True).stdout
    assert json.loads(said.splitlines()[1]) == "can't be used, as the Python package jq is not installed"
    [found] = jq_process.answers([Question(".a", DOCUMENT)], python="/nowhere/python")
    assert found == Unanswered("can't be tried, as its process does not start")


def test_nothing_of_the_document_is_in_a_failure() -> None:
    """N30"""
    for expression in (".hush[]", "error(.hush)", ".hush | tonumber"):
        assert "hush" not in str(answer(expression))


@pytest.mark.parametrize("expression", ["env.PATH", "$ENV.HOME", '.a[] | select(env | has("PATH"))'])
def test_an_expression_sees_nothing_of_the_environment(expression: str) -> None:
    assert "PATH" in os.environ
    found = answer(expression)
    assert isinstance(found, Unanswered) or found == ()


def test_a_part_of_a_list_cannot_be_left_out() -> None:
    assert answer(".a[0:1]") == Unanswered("means a part of a list, which can't be left out")
