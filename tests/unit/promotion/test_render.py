"""The comments on a merged pull request, and the plan, word for word."""

from dataclasses import replace
from typing import Any

from telefonistka_py.names import Login, RepoPath, Sha
from telefonistka_py.promotion import draft, render
from telefonistka_py.promotion.model import Counts, Effect, Kind, Origin, PassedOver, Plan, Promotion, Skip
from telefonistka_py.promotion.outcome import Failed, Level, Report, Result, Skipped, Stands
from telefonistka_py.pulls.landing import Merged
from telefonistka_py.templates import Templates
from tests import builders
from tests.conftest import Golden

HOSTILE = "x`@acme/owners`|<!--"


def effect(component: str, target: str, kind: Kind, counts: Counts | None) -> Effect:
    return Effect(component, RepoPath(f"workspace/{component}"), RepoPath(f"{target}/{component}"), kind, counts)


EFFECTS = (
    effect("api", "a", Kind.CHANGES, Counts(1, 2, 3)),
    effect("new", "a", Kind.ADDS, Counts(1200, 0, 0)),
    effect("deep", "a", Kind.ADDS, None),
    effect(HOSTILE, "a", Kind.REMOVES, Counts(0, 0, 1)),
    effect("payments", "a", Kind.REMOVES, Counts(0, 0, 3)),
    effect("payments", "b", Kind.LEVEL, Counts(0, 0, 0)),
)
NAMES = tuple(dict.fromkeys(each.component for each in EFFECTS))


def promotion(**changes: Any) -> Promotion:
    default = builders.promotion(
        components=NAMES,
        sync={each.target: each.source for each in EFFECTS},
        skips=(Skip("api", "b/", "blocked by 'b' of promotionTargetBlockList in workspace/api/telefonistka.yaml"),),
        notes=("`a/api` takes `w1/api`; `w2/api` changed too and differs from it.",),
        effects=EFFECTS,
    )
    return replace(default, **changes)


def stands(number: int, **changes: Any) -> Stands:
    return replace(Stands(number, "node", Sha("1" * 40)), **changes)


def test_the_body_of_a_promotion(golden: Golden) -> None:
    made = draft.write(
        promotion(),
        builders.trigger(number=34, title=f"Drop payments, bump api {HOSTILE}"),
        (),
        Templates(),
        supersedes=(30, 31),
        upon=(Origin(29, "Bump api", Login("bob")), Origin(28, "", Login("carol"))),
    )
    golden("promotion/body.md", made.body.partition("<!--|")[0])


def test_the_plan(golden: Golden) -> None:
    passed = PassedOver(RepoPath("workspace/api"), 0, "work", "it asks for the label go")
    plan = Plan((promotion(), promotion(auto_merge=True, effects=(), skips=(), notes=())), (passed,))
    golden("promotion/dry-run.md", render.dry_run(plan, Templates(), config_from="main"))


def test_the_report(golden: Golden) -> None:
    one = builders.promotion()
    results = (
        Result(promotion(), stands(33)),
        Result(promotion(effects=EFFECTS[3:5], skips=()), stands(34, to_merge=True)),
        Result(one, stands(35, state="MERGED", to_merge=True, landing=Merged())),
        Result(one, stands(36, trouble="it could not be approved: why", note="it is left to people")),
        Result(one, stands(37, state="CLOSED")),
        Result(one, Failed("which I did not open, uses its branch (promotions/1-x#2-abc)", 8)),
        Result(one, Failed("GitHub made another tree")),
        Result(one, Level()),
        Result(promotion(sync={}), Skipped()),
    )
    golden("promotion/report.md", render.report(Report(results), Templates()))


def test_a_configuration_that_can_t_be_used_says_how_its_promotion_comes_to_be_after_all() -> None:
    said = render.report(Report((), mistake="telefonistka.yaml can't be used"), Templates())
    assert "Nothing was promoted: telefonistka.yaml can't be used. Once that is corrected, comment `/retrigger`" in said


def test_an_older_promotion_says_what_becomes_of_it() -> None:
    assert render.superseded(9, False, False, Templates()).endswith("; merge that one, and close this one.\n")
    assert "close this one" not in render.superseded(9, False, True, Templates())
    assert render.superseded(9, True, False, Templates()).startswith("Closed: #9")


def test_what_was_said_of_a_merged_promotion_stays_and_of_an_open_one_is_said_anew() -> None:
    first = Report((Result(promotion(), stands(33)), Result(promotion(), stands(333))))
    before = render.report(first, Templates())
    again = Report(
        (
            Result(promotion(effects=()), stands(33, state="MERGED", new=False)),
            Result(promotion(effects=()), stands(333, new=False)),
        )
    )
    said = render.report(again, Templates(), before.replace("\n", "\r\n"))
    merged, still_open = said.split("- 🚀 #333")
    assert merged == before.split("- 🚀 #333")[0]
    assert "🗑" not in still_open


def test_many_removals_are_counted_rather_than_listed() -> None:
    """N19."""
    many = tuple(effect(f"c{number}", "a", Kind.REMOVES, None) for number in range(60))
    made = promotion(components=tuple(each.component for each in many), effects=many)
    said = render.report(Report((Result(made, stands(33)),)), Templates())
    assert said.count("🗑 removes") == 50
    assert "  🗑 … and 10 more\n" in f"{said}\n"
