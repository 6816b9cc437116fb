"""变更办理依据: what another calendar or pack does to a running case, what it never does, and that the ledger proves both terms."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain import kernel
from domain.case import DECIDER
from domain.casework.terms import shifts
from domain.clock import wall
from domain.export import Difference, Export, ExportTerms, export_process, terms_of, verify
from domain.kernel import read_event
from domain.policy import pack_sha
from tests.domain.casekit import CALENDARS, PACKS, SPRING, CaseKit, City

NOW = datetime(2026, 4, 1, tzinfo=UTC)
PROVINCE = next(k for k in PACKS if k.startswith("shandong"))
HAIKOU = next(k for k in PACKS if k.startswith("haikou"))
DEMO = next(k for k in PACKS if k.startswith("demo"))


def case(pack: str = "haikou", **fields: Any) -> CaseKit:
    city = City(pack=pack)
    return city.case(pack_sha=pack_sha(city.pack), **fields)


def moved(kit: CaseKit, *, batch: str = "batch/1", at: datetime | None = None, **to: str) -> CaseKit:
    return kit.do("change_terms", batch=batch, decided_at=(at or kit.city.now).isoformat(), **to)


def refused(kit: CaseKit, *, batch: str = "batch/1", at: datetime | None = None, **to: str) -> str:
    return kit.refuses("change_terms", batch=batch, decided_at=(at or kit.city.now).isoformat(), **to)


def due(kit: CaseKit, key: str) -> str:
    running = kit.state.running(key)
    assert running is not None
    return wall(running.clock.due, end=True) if running.clock.due else "-"


def exported(kit: CaseKit) -> Export:
    first, *later = (
        ExportTerms(pack=PACKS[f"{p.pack}@{p.pack_version}"], calendar=CALENDARS[p.calendar])
        for p in terms_of(kit.process.id, kit.events)
    )
    return export_process(kit.process, kit.events, first.pack, first.calendar, NOW, later)


def accepted(kit: CaseKit) -> CaseKit:
    return kit.do("review_result", order="a1", accept=True)


# ----------------------------------------------------------------------------------------------------------- the calendar


def test_a_notice_moves_what_is_counted_in_working_days_and_tells_the_unit_whose_limit_it_is() -> None:
    kit = case().dispatched("water")
    before = {k: due(kit, k) for k in ("a1/handle", "overall/1", "a1/sign")}
    moved(kit, calendar=SPRING.version)
    assert (before["a1/handle"], due(kit, "a1/handle")) == ("2026-03-11 24:00", "2026-03-13 24:00")
    assert due(kit, "overall/1") == "2026-03-13 24:00"
    assert due(kit, "a1/sign") == before["a1/sign"]
    told = [e for r in kit.last.records for e in r.effects]
    assert [(e.target, e.body["what"], e.body["why"]) for e in told] == [("water", "due_changed", "terms_changed")]
    whys = {e.body["clock"]["key"]: e.body["why"] for e in kit.events if e.type == "clock_set"}
    assert (whys["a1/handle"], whys["a1/sign"]) == ("terms_changed", "terms_kept")
    assert kit.state.calendar == SPRING.version
    assert kit.state.pack_version == kit.city.pack.version


def test_every_clock_that_runs_counts_by_the_new_calendar_and_what_is_stopped_stays() -> None:
    kit = case().dispatched("water").do("sign", order="a1")
    stopped = {k for k, r in kit.state.clocks.items() if r.stopped_at is not None}
    assert stopped
    moved(kit, calendar=SPRING.version)
    for key, running in kit.state.clocks.items():
        assert (running.clock.calendar == SPRING.version) is (key not in stopped), key


def test_a_case_goes_on_under_its_new_terms() -> None:
    kit = moved(case().dispatched("water"), calendar=SPRING.version)
    kit.submitted().do("review_result", order="a1", accept=False, reason="r#r").accepted().dissatisfied()
    assert {r.clock.calendar for r in kit.state.clocks.values() if r.stopped_at is None} == {SPRING.version}
    kit.accepted("a2").satisfied()
    assert verify(exported(kit)) == []


def test_a_paused_clock_is_due_by_the_new_calendar_once_it_runs_on() -> None:
    kit = case().dispatched("water").do("sign", order="a1").go(hours=1)
    kit.do("request_pause", order="a1", kind="expert").do("review_pause", order="a1", approve=True)
    moved(kit, calendar=SPRING.version)
    assert due(kit, "a1/handle") == "-"
    kit.go(hours=1).do("resume", order="a1")
    assert due(kit, "a1/handle") == "2026-03-13 24:00"
    assert verify(exported(kit)) == []


def test_an_overdue_that_is_none_under_the_new_notice_is_annulled_and_the_clock_runs_on() -> None:
    kit = case(case_type="consult").dispatched("water").at("2026-03-06 10:00").tick()
    assert "overdue_reached" in kit.types()
    moved(kit, calendar=SPRING.version)
    running = kit.state.running("a1/handle")
    assert running is not None
    assert (running.annulled, running.overdue_at, due(kit, "a1/handle")) == (True, None, "2026-03-09 24:00")
    kit.at("2026-03-10 00:00").tick()
    late = kit.state.running("a1/handle")
    assert late is not None
    assert late.overdue_at == late.clock.due
    assert verify(exported(kit)) == []


def test_what_is_late_under_both_is_late_at_the_new_instant() -> None:
    kit = case(case_type="consult").dispatched("water").at("2026-03-12 10:00").tick()
    moved(kit, calendar=SPRING.version)
    late = kit.state.running("a1/handle")
    assert late is not None
    assert (late.annulled, late.overdue_at) == (False, late.clock.due)
    assert due(kit, "a1/handle") == "2026-03-09 24:00"
    assert [b["due"] for b in kit.bodies("overdue_reached") if b["key"] == "a1/handle"][-1] == "2026-03-09T16:00:00Z"
    assert verify(exported(kit)) == []


# --------------------------------------------------------------------------------------------------------------- the pack


def test_another_pack_gives_every_clock_the_rule_of_the_same_step() -> None:
    kit = case().dispatched("water", co=["roads"]).do("sign", order="a1")
    moved(kit, pack=PROVINCE)
    rules = {k: r.clock.rule for k, r in kit.state.clocks.items() if r.stopped_at is None}
    assert rules["a1/handle"].startswith("shandong-2020/handle/")
    assert rules["a2/handle"].startswith("shandong-2020/handle_co/")
    assert (kit.state.pack, kit.state.pack_sha) == ("shandong-2020", pack_sha(PACKS[PROVINCE]))
    kit.submitted()
    assert kit.state.clocks["a1/review"].clock.rule.startswith("shandong-2020/")
    assert verify(exported(kit)) == []


def test_start_pauses_and_extensions_stay_with_a_clock() -> None:
    kit = case().dispatched("water").do("sign", order="a1")
    kit.do("request_extension", order="a1", days=2, ground="season", caller_told=True)
    kit.do("review_extension", role="unit_head", order="a1", approve=True)
    kit.do("review_extension", role="city_centre", order="a1", approve=True)
    was = kit.state.clocks["a1/handle"].clock
    moved(kit, pack=PROVINCE, calendar=SPRING.version)
    now = kit.state.clocks["a1/handle"].clock
    assert (now.start, now.pauses, now.extensions) == (was.start, was.pauses, was.extensions)
    assert now.extensions


def test_a_pack_under_which_a_limit_would_have_passed_leaves_the_case_as_it_is() -> None:
    kit = case().dispatched("water").go(hours=1)
    before = kit.process
    assert refused(kit, pack=DEMO) == "overdue_by_change"
    assert kit.process.seq == before.seq
    assert kit.state == before.state


def test_an_urgent_case_has_the_urgent_limits_of_the_other_pack() -> None:
    kit = case().dispatched("water", triage="urgent")
    moved(kit, pack=PROVINCE)
    assert verify(exported(kit)) == []
    assert kit.state.pack == "shandong-2020"


# ------------------------------------------------------------------------------------------------- once, and in which order


def test_the_same_terms_again_change_nothing_but_are_on_record() -> None:
    kit = moved(case().dispatched("water"), calendar=SPRING.version)
    clocks = kit.state.clocks
    moved(kit, calendar=SPRING.version)
    assert kit.new() == ["terms_kept"]
    assert kit.state.clocks == clocks


@pytest.mark.parametrize("first", ["older", "newer"])
def test_of_two_batches_the_one_decided_later_holds_in_whatever_order_they_come(first: str) -> None:
    kit = case().dispatched("water")
    at = kit.city.now
    older = {"batch": "batch/1", "at": at, "calendar": SPRING.version}
    newer = {"batch": "batch/2", "at": at + timedelta(minutes=1), "calendar": kit.state.calendar}
    if first == "older":
        moved(kit, **older)  # type: ignore[arg-type]
        moved(kit, **newer)  # type: ignore[arg-type]
    else:
        moved(kit, **newer)  # type: ignore[arg-type]
        assert kit.new() == ["terms_kept"]
        assert refused(kit, **older) == "later_terms_hold"  # type: ignore[arg-type]
    assert kit.state.calendar == newer["calendar"]
    assert kit.state.terms_by["calendar"].batch == "batch/2"
    assert due(kit, "a1/handle") == "2026-03-11 24:00"


def test_a_batch_of_packs_and_one_of_calendars_do_not_undo_each_other() -> None:
    kit = case().dispatched("water")
    at = kit.city.now
    moved(kit, batch="batch/2", at=at + timedelta(minutes=1), pack=PROVINCE)
    moved(kit, batch="batch/1", at=at, calendar=SPRING.version)
    assert (kit.state.pack, kit.state.calendar) == ("shandong-2020", SPRING.version)
    assert verify(exported(kit)) == []


def test_unknown_terms_are_refused() -> None:
    kit = case().dispatched("water")
    assert refused(kit, calendar="cn:1999.1") == "unknown_calendar"
    assert refused(kit, pack="haikou@1") == "unknown_pack"


def test_a_case_that_is_over_keeps_its_terms() -> None:
    kit = case().closed()
    assert refused(kit, calendar=SPRING.version) == "not_in_this_stage"


def test_people_do_not_change_terms() -> None:
    kit = case().dispatched("water")
    body = {"batch": "batch/1", "decided_at": kit.city.now.isoformat(), "calendar": SPRING.version}
    person = kit.actor("triage", {}, "dispatcher")
    assert kit.send("change_terms", body, person).refusal == "not_permitted"


# ------------------------------------------------------------------------------------------------------------- the ledger

Tree = dict[str, Any]


def forged(change: Any) -> list[Difference]:
    kit = moved(case().dispatched("water"), calendar=SPRING.version)
    kit.go(hours=1).do("sign", order="a1")
    tree: Tree = json.loads(exported(kit).model_dump_json())
    change(tree)
    head = kernel.GENESIS
    for seq, event in enumerate(tree["events"], start=1):
        event["seq"] = seq
        head = kernel.chain(head, seq, event["type"], datetime.fromisoformat(event["at"]), event["body"])
        event["head"] = head
    return verify(Export.model_validate(tree))


def test_an_honest_export_of_both_terms_agrees_and_without_a_change_no_later_terms_stand_in_the_file() -> None:
    assert forged(lambda _tree: None) == []
    assert '"later"' not in exported(case()).model_dump_json()


def test_a_due_under_the_new_terms_that_the_old_ones_would_give_is_found() -> None:
    def change(tree: Tree) -> None:
        event = [e for e in tree["events"] if e["type"] == "clock_set" and e["body"]["clock"]["key"] == "a1/handle"][-1]
        event["body"]["clock"]["due"] = "2026-03-11T16:00:00Z"

    found = forged(change)[0]
    assert (found.code, found.clock, found.field) == ("clock", "a1/handle", "due")


def test_a_clock_left_behind_under_the_old_terms_is_found() -> None:
    def change(tree: Tree) -> None:
        event = [e for e in tree["events"] if e["type"] == "clock_set" and e["body"]["clock"]["key"] == "a1/handle"][-1]
        tree["events"].remove(event)

    assert ("history", "a1/handle") in {(d.code, d.clock) for d in forged(change)}


def test_a_change_of_terms_that_was_taken_out_is_found() -> None:
    def change(tree: Tree) -> None:
        tree["events"] = [e for e in tree["events"] if e["type"] != "terms_changed"]

    assert {"case", "history"} <= {d.code for d in forged(change)}


def test_later_terms_that_are_not_those_of_the_event_are_found() -> None:
    def change(tree: Tree) -> None:
        tree["later"][0]["calendar"] = tree["terms"]["calendar"]

    assert ("calendar", "version") in {(d.code, d.field) for d in forged(change)}


# --------------------------------------------------------------------------------------------------------- what is foreseen


@settings(max_examples=30, deadline=None)
@given(
    type_=st.sampled_from(["consult", "complaint"]),
    hours=st.integers(0, 400),
    steps=st.integers(0, 3),
    to=st.sampled_from([{"calendar": SPRING.version}, {"pack": PROVINCE}, {"pack": DEMO, "calendar": SPRING.version}]),
)
def test_what_is_foreseen_is_what_then_happens_and_nobody_becomes_late(
    type_: str, hours: int, steps: int, to: dict[str, str]
) -> None:
    kit = case(case_type=type_)
    for step in (CaseKit.dispatched, CaseKit.submitted, accepted)[:steps]:
        step(kit)
    kit.go(hours=hours).tick()
    before, late = kit.state, {k for k, r in kit.state.clocks.items() if r.overdue_at is not None}
    body = {"batch": "batch/1", "decided_at": kit.city.now.isoformat(), **to}
    got = kit.give("change_terms", **body)
    if got.refusal is not None:
        assert kit.state == before
        return
    events = [read_event(DECIDER, e.type, e.body) for e in got.records[0].events]
    for shift in shifts(before, events):
        running = kit.state.clocks[shift.key]
        assert shift.was == before.clocks[shift.key].clock.due
        assert shift.now == (running.clock.due if running.stopped_at is None else None)
    assert {k for k, r in kit.state.clocks.items() if r.overdue_at is not None} <= late
    assert verify(exported(kit)) == []
