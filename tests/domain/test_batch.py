"""批量变更: preview, four eyes, slices at a rate, pause, stop; and that nothing told twice or too late counts twice."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.batch import DECIDER
from domain.batching.words import OVER, Ground, Phase, Stage
from storage.texts import catalogue
from tests.domain.casekit import PACKS, SPRING
from tests.domain.townkit import Town

B = "batch/20260302-AAAAAA"
PROVINCE = next(k for k in PACKS if k.startswith("shandong"))
SEEN = {"cases": 3, "changed": 2, "unchanged": 1, "later": 2}


def begun(town: Town | None = None, **body: Any) -> Town:
    town = town or Town(DECIDER)
    given: dict[str, Any] = {"ground": "calendar_notice", "calendar": SPRING.version, "rate": 10} | body
    town.give(B, "begin_batch", role="calendar_keeper", **given)
    return town


def report(town: Town, name: str, **body: Any) -> str | None:
    """The activity's word of the slice under way."""
    effect = town.told(B, "slice")[-1]
    body = {"slice": effect.body["slice"], **body}
    return town.send(B, name, body, town.actor(B, name, "system"), id_=f"{effect.id}/refused")


def previewed(town: Town | None = None, **body: Any) -> Town:
    town = begun(town, **body)
    assert report(town, "report_preview", last="c100", finished=False, foreseen=SEEN) is None
    assert report(town, "report_preview", last="c103", finished=True, foreseen=SEEN) is None
    return town


def running(**body: Any) -> Town:
    town = previewed(**body)
    town.give(B, "approve_batch", role="city_office")
    return town


def sliced(town: Town, last: str, *, finished: bool = False, **results: int) -> str | None:
    return report(town, "report_slice", last=last, finished=finished, results=results)


def stage(town: Town) -> str:
    return town.stage(B)


# ------------------------------------------------------------------------------------------------------- the normal way


def test_it_is_previewed_in_slices_approved_by_another_run_in_slices_and_settled() -> None:
    town = begun()
    first = town.told(B, "slice")[0]
    assert (first.body["phase"], first.body["after"], first.body["calendar"]) == ("preview", "", SPRING.version)
    assert report(town, "report_preview", last="c100", finished=False, foreseen=SEEN) is None
    assert (stage(town), town.told(B, "slice")[-1].body["after"]) == ("previewing", "c100")
    assert report(town, "report_preview", last="c103", finished=True, foreseen=SEEN) is None
    assert stage(town) == "to_approve"
    assert (town.state(B).foreseen.cases, town.state(B).foreseen.later) == (6, 4)
    assert [n.target for n in town.told(B, "notice")] == ["role:city_office"]
    town.give(B, "approve_batch", role="city_office")
    change = town.told(B, "slice")[-1].body
    assert (change["phase"], change["after"], change["limit"], change["rate"]) == ("change", "", 50, 10)
    assert change["decided_at"] == town.state(B).approved_at.isoformat()
    sliced(town, "c050", changed=40, refused=1, waiting=9)
    assert town.told(B, "slice")[-1].body["after"] == "c050"
    sliced(town, "c060", finished=True, changed=5, gone=5)
    assert (stage(town), town.told(B, "slice")[-1].body["phase"]) == ("running", "settle")
    report(town, "report_totals", results={"changed": 54, "refused": 1, "gone": 5})
    assert (stage(town), town.state(B).results.changed, town.state(B).results.waiting) == ("finished", 54, 0)
    assert town.told(B, "notice")[-1].body["what"] == "batch_finished"


def test_the_query_and_the_terms_stand_in_every_slice() -> None:
    town = begun(district="east", case_type="complaint", triage="routine", under_pack="haikou", pack=PROVINCE)
    body = town.told(B, "slice")[0].body
    assert body["query"] == {"district": "east", "case_type": "complaint", "triage": "routine", "pack": "haikou"}
    assert body["pack"] == PROVINCE


def test_a_preview_made_again_counts_from_nothing() -> None:
    town = previewed()
    town.give(B, "preview_batch", role="calendar_keeper")
    assert (stage(town), town.told(B, "slice")[-1].body["after"], town.state(B).foreseen.cases) == ("previewing", "", 0)
    report(town, "report_preview", finished=True, foreseen=SEEN)
    assert town.state(B).foreseen.cases == 3
    assert "approve/city_office" in {t.key for t in town.todos(B)}


# ------------------------------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"calendar": None}, "nothing_to_change"),
        ({"calendar": "cn:1999.1"}, "unknown_calendar"),
        ({"pack": "haikou@1"}, "unknown_pack"),
        ({"district": "nowhere"}, "unknown_unit"),
        ({"rate": 0}, "invalid_command"),
        ({"rate": 51}, "invalid_command"),
    ],
)
def test_what_cannot_be_begun(body: dict[str, Any], code: str) -> None:
    given: dict[str, Any] = {"ground": "surge", "calendar": SPRING.version} | body
    assert Town(DECIDER).refusal(B, "begin_batch", role="calendar_keeper", **given) == code


@pytest.mark.parametrize("command", ["approve_batch", "reject_batch"])
def test_who_began_it_does_not_decide_on_it(command: str) -> None:
    town = Town(DECIDER)
    given: dict[str, Any] = {"ground": "surge", "calendar": SPRING.version}
    town.give(B, "begin_batch", role="city_office", user_="u1", **given)
    report(town, "report_preview", finished=True, foreseen=SEEN)
    assert town.refusal(B, command, role="city_office", user_="u1") == "four_eyes"
    assert town.refusal(B, command, role="city_office", user_="u2") is None


@pytest.mark.parametrize("role", ["calendar_keeper", "dispatcher", "operator"])
def test_only_the_office_and_the_centre_head_approve(role: str) -> None:
    assert previewed().refusal(B, "approve_batch", role=role) == "not_permitted"


def test_nothing_runs_before_it_is_approved() -> None:
    town = previewed()
    assert {e.body["phase"] for e in town.told(B, "slice")} == {"preview"}
    assert town.refusal(B, "pause_batch", role="calendar_keeper") == "not_in_this_stage"


def test_rejected_it_is_over_and_who_began_it_is_told() -> None:
    town = previewed()
    town.give(B, "reject_batch", role="centre_head")
    assert town.closed(B)
    assert [(n.target, n.body["what"]) for n in town.told(B, "notice")][-1] == (
        "role:calendar_keeper",
        "batch_rejected",
    )


# ------------------------------------------------------------------------------------------------------- pause, resume, stop


def test_paused_the_slice_under_way_is_the_last_one_until_it_goes_on() -> None:
    town = running()
    town.give(B, "pause_batch", role="calendar_keeper")
    n = len(town.told(B, "slice"))
    sliced(town, "c010", changed=10)
    assert (stage(town), len(town.told(B, "slice"))) == ("suspended", n)
    town.give(B, "resume_batch", role="operator", rate=2)
    body = town.told(B, "slice")[-1].body
    assert (len(town.told(B, "slice")), body["after"], body["rate"], body["limit"]) == (n + 1, "c010", 2, 10)


def test_resumed_before_the_slice_has_come_to_its_end_no_second_one_starts_beside_it() -> None:
    town = running()
    n = len(town.told(B, "slice"))
    town.give(B, "pause_batch", role="calendar_keeper")
    town.give(B, "resume_batch", role="calendar_keeper")
    assert len(town.told(B, "slice")) == n
    sliced(town, "c010", changed=10)
    assert len(town.told(B, "slice")) == n + 1


def test_paused_with_no_case_left_it_waits_for_answers_only() -> None:
    town = running()
    town.give(B, "pause_batch", role="calendar_keeper")
    sliced(town, "c010", finished=True, changed=10)
    assert town.told(B, "slice")[-1].body["phase"] == "settle"
    report(town, "report_totals", results={"changed": 10})
    assert stage(town) == "finished"


def test_with_no_case_left_there_is_nothing_to_pause() -> None:
    town = running()
    sliced(town, "c010", finished=True, changed=10)
    assert town.refusal(B, "pause_batch", role="calendar_keeper") == "all_sent"


def test_stopped_it_is_over_but_counts_the_slice_that_was_under_way() -> None:
    town = running()
    town.give(B, "stop_batch", role="city_office")
    assert town.closed(B)
    n = len(town.told(B, "slice"))
    assert sliced(town, "c010", changed=10) is None
    assert (stage(town), town.state(B).results.changed, len(town.told(B, "slice"))) == ("stopped", 10, n)


def test_a_preview_that_was_stopped_tells_nobody_anything() -> None:
    town = begun()
    town.give(B, "stop_batch", role="calendar_keeper")
    assert report(town, "report_preview", finished=True, foreseen=SEEN) == "not_in_this_stage"


# ---------------------------------------------------------------------------------------------------- late, doubled, silent


def test_a_report_that_comes_twice_or_of_a_slice_that_is_past_counts_once() -> None:
    town = running()
    old = town.told(B, "slice")[-1]
    sliced(town, "c010", changed=10)
    before = town.state(B)
    for id_ in (f"{old.id}/refused", "another"):
        body = {"slice": old.body["slice"], "last": "c010", "finished": False, "results": {"changed": 10}}
        assert town.send(B, "report_slice", body, town.actor(B, "report_slice", "system"), id_=id_) is None
    assert town.state(B) == before


def test_when_nobody_approves_the_centre_head_is_asked_too() -> None:
    town = previewed()
    town.ring(B, "approve/due")
    assert {t.role for t in town.todos(B)} == {"city_office", "centre_head"}
    town.wait(days=400)
    assert stage(town) == "to_approve"
    town.give(B, "approve_batch", role="centre_head")
    assert stage(town) == "running"


def test_the_ends_are_ends() -> None:
    assert set(map(str, OVER)) == {"finished", "stopped", "rejected"}


# -------------------------------------------------------------------------------------------------------- samples, texts

SHARED = {"clock_set", "clock_stopped", "warning_given", "overdue_reached", "overdue_annulled", "stage_changed"}
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


def golden(what: str) -> dict[str, dict[str, Any]]:
    folder = Path(__file__).parent / "golden" / "batch"
    return {p.name.split(".")[1]: json.loads(p.read_text()) for p in sorted(folder.glob(f"{what}.*.json"))}


def test_every_command_and_event_has_its_sample_and_is_still_read_whole() -> None:
    assert set(golden("command")) == set(DECIDER.commands)
    assert set(golden("event")) == set(DECIDER.events) - SHARED
    for name, sample in golden("command").items():
        assert json.loads(DECIDER.commands[name].model_validate(sample).model_dump_json()) == sample
    state = running().state(B)
    for type_, sample in golden("event").items():
        event = DECIDER.events[type_].model_validate(sample)
        assert json.loads(event.model_dump_json()) == sample
        for before in (DECIDER.initial(), state):
            after = DECIDER.apply(before, event, NOW)
            DECIDER.timers(after)
            DECIDER.effects(after, event)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_has_its_text(lang: str) -> None:
    keys = {f"stage.{s}" for s in Stage if s != Stage.new} | {f"batch_ground.{g}" for g in Ground}
    keys |= {f"event.{t}" for t in DECIDER.events} | {f"command.{c}" for c in DECIDER.commands}
    keys |= {f"refusal.{c}" for c in ("nothing_to_change", "all_sent", "unknown_pack", "unknown_calendar")}
    keys |= {f"effect.batch_{p}" for p in Phase} | {f"notice.batch_{w}" for w in ("to_approve", "rejected", "finished")}
    human = [m for n, m in DECIDER.commands.items() if not DECIDER.moves[n].machine]
    keys |= {f"console.field.{field}" for model in human for field in model.model_fields} | {"clock.approve"}
    assert keys - catalogue(lang).keys() == set()
