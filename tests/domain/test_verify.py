"""What an export proves, and each way of forging one that is found."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain import kernel
from domain.case import DECIDER
from domain.export import Difference, Export, export_process, verify
from domain.policy import pack_sha
from storage.policies import load_pack
from tests.domain.casekit import CALENDAR, CaseKit, City

NOW = datetime(2026, 4, 1, tzinfo=UTC)
Tree = dict[str, Any]


def lived(pack: str = "haikou") -> CaseKit:
    """A case with a pause, an extension, an overdue, a send-back and a redo."""
    city = City(pack=pack)
    kit = city.case(pack_sha=pack_sha(city.pack)).dispatched("water", co=["roads"]).do("sign", order="a1")
    kit.go(seconds=1).do("request_pause", order="a1", kind="expert").do("review_pause", order="a1", approve=True)
    kit.go(days=2 if pack == "haikou" else 0, seconds=2).do("resume", order="a1")
    kit.do("request_extension", order="a1", days=2, ground="season", caller_told=True)
    kit.do("review_extension", role="unit_head", order="a1", approve=True)
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    kit.go(days=30).tick()
    kit.submitted().do("review_result", order="a1", accept=False, reason="r#r").accepted()
    kit.do("waive_result", order="a2").dissatisfied().accepted("a3").satisfied()
    return kit


def exported(kit: CaseKit) -> Export:
    return export_process(kit.process, kit.events, kit.city.pack, CALENDAR, NOW)


LIVED = lived()
GOOD = json.loads(exported(LIVED).model_dump_json())


def forged(change: Callable[[Tree], None], *, rechained: bool = False) -> list[Difference]:
    """The differences of the good export after a change, with all heads rewritten when ``rechained``."""
    tree: Tree = json.loads(json.dumps(GOOD))
    change(tree)
    if rechained:
        head = kernel.GENESIS
        for seq, event in enumerate(tree["events"], start=1):
            event["seq"] = seq
            head = kernel.chain(head, seq, event["type"], datetime.fromisoformat(event["at"]), event["body"])
            event["head"] = head
    return verify(Export.model_validate(tree))


def first(tree: Tree, type_: str, **fields: Any) -> Tree:
    """The first event of a type whose clock (or body) has these values."""
    for event in tree["events"]:
        body = event["body"].get("clock", event["body"])
        if event["type"] == type_ and all(body.get(k) == v for k, v in fields.items()):
            found: Tree = event
            return found
    raise AssertionError(type_)


@pytest.mark.parametrize("pack", ["haikou", "demo", "shandong-2020", "weifang-emergency"])
def test_an_honest_export_agrees_and_survives_its_file(pack: str) -> None:
    export = exported(lived(pack))
    assert verify(Export.model_validate_json(export.model_dump_json())) == []


@pytest.mark.parametrize("pack", ["haikou", "demo", "shandong-2020", "weifang-emergency"])
def test_an_export_of_a_case_that_stood_on_account_and_was_opened_again_agrees(pack: str) -> None:
    city = City(pack=pack)
    kit = city.case(pack_sha=pack_sha(city.pack)).dispatched("roads").do("undo_dispatch")
    kit.do("dispatch", lead="housing").do("hand_down", order="a2", unit="east").do("recall_order", order="a3")
    kit.do("request_on_account", order="a2", ground="season", review_on="2026-03-20")
    for role in ("order_reviewer", "city_centre"):
        kit.do("review_on_account", role=role, order="a2", approve=True)
    kit.go(days=2).do("recheck_on_account", order="a2", keep=True, review_on="2026-03-30")
    kit.go(days=40).tick().do("request_strike_off", order="a2", documents=["d"])
    kit.do("review_strike_off", order="a2", approve=True).accepted("a2").satisfied().go(days=9).tick()
    kit.do("request_reopening", request="c1").do("review_reopening", approve=True)
    assert verify(Export.model_validate_json(exported(kit).model_dump_json())) == []


def test_an_export_of_a_case_that_just_opened_agrees() -> None:
    city = City()
    assert verify(exported(city.case(pack_sha=pack_sha(city.pack)))) == []


def test_a_changed_due_breaks_the_chain_and_names_the_event() -> None:
    def change(tree: Tree) -> None:
        first(tree, "clock_set", key="a1/handle")["body"]["clock"]["due"] = "2026-03-20T16:00:00Z"

    (difference,) = forged(change)
    seq = next(e.seq for e in LIVED.events if e.type == "clock_set" and e.body["clock"]["key"] == "a1/handle")
    assert (difference.code, difference.seq, difference.field) == ("chain", seq, "head")


def test_a_changed_due_with_rewritten_heads_is_found_by_counting() -> None:
    def change(tree: Tree) -> None:
        first(tree, "clock_set", key="a1/handle")["body"]["clock"]["due"] = "2026-03-20T16:00:00Z"

    difference = forged(change, rechained=True)[0]
    assert (difference.code, difference.clock, difference.field) == ("clock", "a1/handle", "due")
    assert difference.expected == "2026-03-11T16:00:00+00:00"
    assert difference.found == "2026-03-20T16:00:00+00:00"
    assert "expected 2026-03-11" in str(difference)


def test_a_changed_pause_with_rewritten_heads_is_found() -> None:
    def change(tree: Tree) -> None:
        clock = next(
            e["body"]["clock"]
            for e in tree["events"]
            if e["type"] == "clock_set" and e["body"]["why"] == "resumed" and e["body"]["clock"]["key"] == "a1/handle"
        )
        clock["pauses"][0]["end"] = "2026-03-24T01:00:00Z"

    differences = forged(change, rechained=True)
    assert {"clock", "history"} <= {d.code for d in differences}
    assert (differences[0].code, differences[0].clock, differences[0].field) == ("clock", "a1/handle", "due")


def test_an_invented_limit_with_an_honest_count_is_no_rule_of_the_pack() -> None:
    def change(tree: Tree) -> None:
        clock = first(tree, "clock_set", key="screen")["body"]["clock"]
        clock["limit"] = "3wh"
        clock["due"] = "2026-03-02T04:00:00Z"

    differences = forged(change, rechained=True)
    assert (differences[0].code, differences[0].clock) == ("rule", "screen")


def test_a_dropped_event_is_found() -> None:
    (difference,) = forged(lambda tree: tree["events"].pop(5))
    assert (difference.code, difference.seq, difference.field) == ("chain", 6, "seq")


def test_a_dropped_pause_with_rewritten_heads_is_found() -> None:
    def change(tree: Tree) -> None:
        tree["events"] = [
            e for e in tree["events"] if not (e["type"] == "clock_set" and e["body"]["why"] in {"started", "expert"})
        ]

    assert "history" in {d.code for d in forged(change, rechained=True)}


def test_events_cut_off_at_the_end_are_found_by_the_clocks() -> None:
    differences = forged(lambda tree: tree.update(events=tree["events"][:-3]), rechained=True)
    assert {d.code for d in differences} == {"state"}


def test_a_changed_calendar_day_is_found_where_it_counts() -> None:
    def change(tree: Tree) -> None:
        year = next(y for y in tree["terms"]["calendar"]["years"] if y["year"] == 2026)
        year["off"].append("2026-03-05")

    difference = forged(change)[0]
    assert (difference.code, difference.field) == ("clock", "due")
    assert difference.seq is not None


def test_another_calendar_version_is_not_the_pinned_one() -> None:
    def change(tree: Tree) -> None:
        tree["terms"]["calendar"]["version"] = "cn:2026.9"

    assert ("calendar", "version") in {(d.code, d.field) for d in forged(change)}


def test_another_version_of_a_year_is_not_the_pinned_one() -> None:
    def change(tree: Tree) -> None:
        tree["terms"]["calendar"]["years"][2]["version"] = "2026.2"

    assert ("calendar", "years") in {(d.code, d.field) for d in forged(change)}


def test_a_changed_pack_is_not_the_pinned_one() -> None:
    def change(tree: Tree) -> None:
        tree["terms"]["pack"]["ladder"]["urge_at"]["value"] = 5

    differences = forged(change)
    assert [(d.code, d.field) for d in differences] == [("pack", "sha")]
    assert differences[0].expected == pack_sha(load_pack("haikou"))


def test_another_case_number_is_found() -> None:
    assert [(d.code, d.field) for d in forged(lambda tree: tree.update(no="c9"))] == [("case", "no")]


@pytest.mark.parametrize("field", ["due", "stopped_at", "overdue_at", "met"])
def test_a_clock_that_stands_otherwise_than_the_events_say_is_found(field: str) -> None:
    def change(tree: Tree) -> None:
        running = tree["clocks"]["a1/handle"]
        if field == "met":
            running["met"] = True
        elif field == "due":
            running["clock"]["due"] = "2026-05-01T16:00:00Z"
        else:
            running[field] = "2026-03-01T00:00:00Z"

    (difference,) = forged(change)
    assert (difference.code, difference.clock, difference.field) == ("state", "a1/handle", field)
    assert difference.seq is not None


def test_a_clock_that_is_missing_or_invented_is_found() -> None:
    def change(tree: Tree) -> None:
        tree["clocks"]["a9/handle"] = tree["clocks"].pop("a1/handle")

    assert [(d.code, d.clock) for d in forged(change)] == [("state", "a1/handle"), ("state", "a9/handle")]


def test_an_overdue_with_another_instant_is_found() -> None:
    def change(tree: Tree) -> None:
        first(tree, "overdue_reached", key="a1/handle")["body"]["due"] = "2026-03-01T00:00:00Z"

    difference = forged(change, rechained=True)[0]
    assert (difference.code, difference.clock) == ("overdue", "a1/handle")


def test_an_unknown_or_unreadable_event_is_named() -> None:
    def unknown(tree: Tree) -> None:
        tree["events"][4]["type"] = "from_the_future"

    def unreadable(tree: Tree) -> None:
        tree["events"][1]["body"] = {"stage": "nowhere"}

    assert [(d.code, d.seq) for d in forged(unknown, rechained=True)] == [("event", 5)]
    assert [(d.code, d.seq, d.field) for d in forged(unreadable, rechained=True)] == [("event", 2, "stage")]


def test_an_export_without_events_or_of_an_unknown_kind_proves_nothing() -> None:
    assert [d.code for d in forged(lambda tree: tree.update(events=[]))] == ["chain"]
    assert [d.code for d in forged(lambda tree: tree.update(process="errand/1"))] == ["case"]


def test_the_export_holds_references_and_no_words() -> None:
    words = {v for e in LIVED.events for k, v in e.body.items() if k in {"reply", "note", "reason", "text"} and v}
    assert all("#" in word for word in words)


def test_a_running_case_agrees_at_every_moment_of_its_life() -> None:
    kit = lived()
    for n in range(1, len(kit.events) + 1):
        process = kernel.replay(DECIDER, "case/c1", kit.events[:n])
        assert verify(export_process(process, kit.events[:n], kit.city.pack, CALENDAR, NOW + timedelta(days=n))) == []
