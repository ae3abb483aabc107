"""What is said of inbox, repositories, approver and Argo CD; and how all of it is shown."""

from datetime import UTC, datetime

from telefonistka_py.config import read
from telefonistka_py.doctor import judge_work, model, render
from telefonistka_py.doctor.facts import ApproverFacts, ArgoFacts, InboxFacts, Seen
from telefonistka_py.doctor.model import Health, Topic
from telefonistka_py.inbox.model import Counts, Entry, State
from telefonistka_py.names import Lane, RepoName

FINE = read.root(b"promotionPaths: [{sourcePath: a/, promotionPrs: [{targetPaths: [b/]}]}]\n")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def seen(name: str, config: bytes | None = None, failure: str = "") -> Seen:
    return Seen(RepoName(name), read.root(config) if config is not None else None, failure)


def test_dead_deliveries_are_doubtful_and_the_newest_is_named() -> None:
    dead = Entry("d9", "push", Lane("acme/x@main"), AT, State.DEAD, 3, 0, None, AT, None, "it failed")
    _, found = judge_work.inbox(InboxFacts("inbox.sqlite3", Counts(1, 0, 2, 3), (dead,)))
    assert found.health is Health.DOUBTFUL
    assert "Deliveries that were given up: 3. The newest: d9 (push, acme/x@main): it failed" in found.said
    [found] = judge_work.inbox(InboxFacts("inbox.sqlite3", Counts(1, 0, 2, 0), ()))
    assert found.health is Health.FINE


def test_chores_are_counted_apart() -> None:
    [found] = judge_work.inbox(InboxFacts("inbox.sqlite3", Counts(0, 0, 2, 0), (), chores=4))
    assert found.said == "inbox.sqlite3: 0 waiting, 0 underway, 2 done, 0 dead, and 4 recurring chores."


def test_many_repositories_that_are_fine_take_one_line() -> None:
    found = list(judge_work.repositories([Seen(RepoName(f"acme/{number}"), FINE) for number in range(100)]))
    assert [each.health for each in found] == [Health.FINE]
    assert "and 95 more" in found[0].said


def test_a_repository_that_could_not_be_read_is_wrong_and_hides_no_other() -> None:
    found = list(
        judge_work.repositories([seen("acme/a", failure="GitHub failed."), seen("acme/b", b"promotionPaths: 1\n")])
    )
    assert [each.health for each in found] == [Health.WRONG, Health.WRONG]
    assert "acme/a could not be read: GitHub failed." in found[0].said
    assert "acme/b: telefonistka.yaml:1:" in found[1].said


def test_a_file_full_of_mistakes_is_told_in_part() -> None:
    mistakes = b"promotionPaths:\n" + b"- sourcePath: 1\n" * 40
    found = list(judge_work.repositories([seen("acme/a", mistakes)]))
    assert len(found) == judge_work.MOST_PROBLEMS + 1
    assert "more; run `telefonistka check`" in found[-1].said


def test_only_what_keeps_a_file_from_being_used_is_said_to_stop_promotions() -> None:
    mixed = b"promotionPaths: [{sourcePath: a/, colour: red, promotionPrs: []}]\ndryRunMode: 'on'\n"
    told = {each.said.split(" ")[2]: each for each in judge_work.repositories([seen("acme/a", mixed)])}
    assert told["dryRunMode"].health is Health.WRONG
    assert "nothing of this repository is promoted" in told["dryRunMode"].advice
    unknown = told["promotionPaths[0].colour"]
    assert (unknown.health, unknown.advice) == (Health.DOUBTFUL, "")


def test_a_configuration_that_promotes_nothing_is_doubtful() -> None:
    [found] = judge_work.repositories([seen("acme/a", b"x-mine: 1\n")])
    assert found.health is Health.DOUBTFUL


def test_no_repository_at_all_is_doubtful() -> None:
    [found] = judge_work.repositories([])
    assert found.health is Health.DOUBTFUL


def test_an_approver_is_judged_in_the_order_of_what_is_worst() -> None:
    def said(facts: ApproverFacts | None, *wanted: Seen) -> str:
        [found] = judge_work.approver(facts, wanted)
        return f"{found.health}: {found.said}"

    assert said(None).startswith("fine")
    assert said(None, seen("acme/a")).startswith("wrong: autoApprovePromotionPrs is set in acme/a")
    assert "approve their own" in said(ApproverFacts("bot", True, False))
    assert "pull_requests: write" in said(ApproverFacts("bot", False, False))
    assert "can't approve in acme" in said(ApproverFacts("bot", False, True, ("acme",)))
    assert said(ApproverFacts("bot", False, True)) == "fine: bot approves."


def test_an_argo_cd_whose_token_sees_nothing_is_doubtful() -> None:
    assert [each.health for each in judge_work.argocd(ArgoFacts("main", "v3.3.2", 0))] == [Health.FINE, Health.DOUBTFUL]
    assert [each.health for each in judge_work.argocd(ArgoFacts("main", "v3.3.2", 2))] == [Health.FINE, Health.FINE]


TOPICS = (
    Topic("One", (model.fine("It works."), model.doubtful("It is odd.", "Look."))),
    Topic("Two", (model.wrong("It is broken\x1b[31m \udcff.", "Mend it."),)),
)


def test_the_report_reads_as_it_is_meant() -> None:
    assert [line for topic in TOPICS for line in render.lines(topic)] == [
        "One",
        "  ✅ It works.",
        "  ⚠️  It is odd.",
        "     → Look.",
        "Two",
        "  ❌ It is broken\\x1b[31m \\xff.",
        "     → Mend it.",
    ]
    assert render.summary(TOPICS) == "1 wrong and 1 doubtful of 3 findings."
    assert render.summary(TOPICS[:1]) == "1 doubtful of 2 findings."


def test_as_data_each_finding_has_its_health_sentence_and_advice() -> None:
    data = render.data(TOPICS)
    assert data["well"] is False
    assert data["topics"][0]["findings"][1] == {"health": "warning", "said": "It is odd.", "advice": "Look."}
    assert render.data(TOPICS[:1])["well"] is True
