"""The kernel around a decider: the door, the chain, timers' numbers, incidents."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import kernel
from domain.case import DECIDER
from domain.process import SYSTEM, Actor, Envelope, Timer
from tests.domain.casekit import CaseKit, City, replays


def failed(code: str = "timeout") -> CaseKit:
    kit = City().case().dispatched()
    return fail(kit, code)


def fail(kit: CaseKit, code: str = "timeout", attempt: int = 1) -> CaseKit:
    effect = next(e for e in kit.effects if e.kind == "order_message")
    body = {"effect": effect.id, "kind": effect.kind, "target": effect.target, "code": code, "attempt": attempt}
    got = kit.send("fail_effect", body, SYSTEM)
    assert got.refusal is None
    return kit


# ---------------------------------------------------------------------------------------------------------- the door


def test_an_unknown_command_is_refused() -> None:
    kit = City().case()
    assert kit.send("fly", {}, SYSTEM).refusal == "unknown_command"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "triage"),
        ({"triage": "fancy"}, "triage"),
        ({"triage": "routine", "surprise": 1}, "surprise"),
        ({"triage": "routine", "item": "空 格"}, "item"),
        ({"triage": "routine", "item": "x" * 81}, "item"),
    ],
)
def test_a_body_that_is_not_right_is_refused_with_the_place(body: dict[str, Any], field: str) -> None:
    kit = City().case()
    got = kit.send("triage", body, kit.actor("triage", {}))
    assert (got.refusal, got.detail) == ("invalid_command", {"fields": [field]})


@pytest.mark.parametrize("role", ["unit_liaison", "supervisor", "operator", "auditor", "system", "nobody"])
def test_a_role_without_the_right_is_refused(role: str) -> None:
    kit = City().case()
    assert kit.send("triage", {"triage": "routine"}, Actor(user="u", role=role)).refusal == "not_permitted"


def test_a_person_gives_no_machine_command() -> None:
    kit = City().case()
    actor = Actor(user="u", role="dispatcher")
    assert kit.send("attach_follower", {"case": "c2", "request": "c2"}, actor).refusal == "not_permitted"


def test_a_refusal_writes_nothing() -> None:
    kit = City().case()
    before = kit.process
    got = kit.send("triage", {}, kit.actor("triage", {}))
    assert got.records == ()
    assert kit.process is before


# --------------------------------------------------------------------------------------------------------- the chain


def test_replaying_the_events_gives_the_same_process() -> None:
    replays(City().case().dispatched("water", co=["roads"]).at("2026-03-20 10:00").tick())


@pytest.mark.parametrize("forge", ["body", "type", "seq", "at", "head", "dropped", "swapped"])
def test_a_forged_event_breaks_the_chain(forge: str) -> None:
    events = City().case().dispatched().events
    event = events[3]
    changed: dict[str, dict[str, Any]] = {
        "body": {"body": {**event.body, "by": "x"}},
        "type": {"type": "archived"},
        "seq": {"seq": 9},
        "at": {"at": events[0].at.replace(year=2025)},
        "head": {"head": "0" * 64},
    }
    if forge == "dropped":
        forged = [*events[:3], *events[4:]]
    elif forge == "swapped":
        forged = [*events[:3], events[4], events[3], *events[5:]]
    else:
        forged = [*events[:3], event.model_copy(update=changed[forge]), *events[4:]]
    with pytest.raises(ValueError, match="does not follow"):
        kernel.replay(DECIDER, "case/c1", forged)


def test_an_effect_is_named_by_the_event_that_planned_it() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    heads = {e.seq: e.head for e in kit.events}
    for effect in kit.effects:
        process, number, seq, rest = effect.id.split("/")
        k, _, head = rest.partition("-")
        assert (process, number) == ("case", "c1")
        assert heads[int(seq)].startswith(head)
        assert len(head) == 8, "a journal that went another way never gives the id to another effect"
        assert int(k) >= 0


def test_each_arming_of_a_timer_has_a_number_of_its_own() -> None:
    kit = City().case().dispatched().do("sign", order="a1")
    first = next(t for t in kit.process.timers if t.key == "a1/handle/yellow")
    kit.do("request_pause", order="a1", kind="court").do("review_pause", order="a1", approve=True)
    kit.go(days=1).do("resume", order="a1", user="u9")
    second = next(t for t in kit.process.timers if t.key == "a1/handle/yellow")
    assert second.n > first.n


def test_a_timer_that_stays_keeps_its_number() -> None:
    kit = City().case().dispatched()
    before = {t.key: t.n for t in kit.process.timers}
    kit.do("sign", order="a1")
    assert all(before[t.key] == t.n for t in kit.process.timers)


# ---------------------------------------------------------------------------------------------------------- incidents


def test_an_effect_that_failed_becomes_an_incident_that_an_operator_sees() -> None:
    kit = failed()
    (incident,) = kit.process.incidents.values()
    todo = kit.todos()[f"incident/{incident.effect}"]
    assert (todo.role, todo.commands) == ("operator", ("retry_effect", "redirect_effect", "waive_effect"))
    assert todo.hint == {"kind": "order_message", "target": "water", "code": "timeout"}
    assert kit.last.records[-1].settled == {incident.effect: "incident"}
    assert {"retry_effect", "waive_effect"} <= set(kernel.card(DECIDER, kit.process).allowed)


def test_the_case_goes_on_with_an_open_incident() -> None:
    assert failed().accepted().stage == "callback"


def test_a_retried_effect_starts_again_and_can_fail_again() -> None:
    kit = failed()
    (effect,) = kit.process.incidents
    kit.do("retry_effect", effect=effect)
    assert kit.last.records[-1].again == (effect,)
    assert kit.last.records[-1].settled == {effect: "planned"}
    assert kit.process.attempts == {effect: 2}
    assert not kit.process.incidents
    fail(kit, "refused", attempt=2)
    assert kit.process.incidents[effect].attempt == 2


def test_a_redirected_effect_is_settled_by_hand() -> None:
    kit = failed()
    (effect,) = kit.process.incidents
    kit.do("redirect_effect", effect=effect, channel="manual")
    assert kit.last.records[-1].settled == {effect: "redirected"}
    assert not kit.process.incidents


def test_a_waived_effect_is_settled_with_a_reason() -> None:
    kit = failed()
    (effect,) = kit.process.incidents
    kit.do("waive_effect", effect=effect)
    assert kit.last.records[-1].settled == {effect: "waived"}


def test_only_one_incident_an_effect_and_none_for_anothers_effect() -> None:
    kit = failed()
    (effect,) = kit.process.incidents
    body = {"effect": effect, "kind": "order_message", "target": "water", "code": "x"}
    assert kit.send("fail_effect", body, SYSTEM).refusal == "incident_open"
    assert kit.send("fail_effect", body | {"effect": "case/c2/1/0"}, SYSTEM).refusal == "unknown_effect"


@pytest.mark.parametrize("name", ["retry_effect", "redirect_effect", "waive_effect"])
def test_an_incident_that_is_not_open_is_refused(name: str) -> None:
    fields = {"channel": "manual"} if name == "redirect_effect" else {}
    assert City().case().refuses(name, effect="case/c1/1/0", **fields) == "no_such_incident"


def test_an_incident_of_a_closed_case_is_still_settled() -> None:
    kit = fail(City().case().closed()).at("2026-03-20 10:00").tick()
    assert kit.stage == "archived"
    (effect,) = kit.process.incidents
    kit.do("waive_effect", effect=effect)
    assert not kit.todos()


def test_incidents_survive_a_replay() -> None:
    kit = failed()
    replays(kit)
    kit.do("retry_effect", effect=next(iter(kit.process.incidents)))
    replays(kit)


# -------------------------------------------------------------------------------------------------- when a process wakes

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)


def limited(limit: str) -> Timer:
    return Timer(key="a1/handle/due", at=NOON, rule="handle", limit=limit)


@given(
    process=st.text(min_size=1), amount=st.integers(1, 999), unit=st.sampled_from(["wd", "d"]), over=st.integers(0, 600)
)
def test_a_process_wakes_for_a_limit_in_days_within_the_spread_and_never_early(
    process: str, amount: int, unit: str, over: int
) -> None:
    spread = timedelta(seconds=over)
    wakes = kernel.wakes_at(process, limited(f"{amount}{unit}"), spread)
    assert NOON <= wakes <= NOON + spread
    assert wakes == kernel.wakes_at(process, limited("1wd"), spread), "a moment of its own, whatever the limit"
    assert wakes.microsecond % 1000 == 0, "the server counts whole milliseconds"


@pytest.mark.parametrize("limit", ["", "30min", "24h", "4wh", "6s"])
def test_a_limit_in_hours_or_less_is_not_spread(limit: str) -> None:
    assert kernel.wakes_at("case/1", limited(limit), timedelta(minutes=3)) == NOON


def test_thousands_of_processes_wake_evenly_over_the_spread() -> None:
    spread = timedelta(seconds=100)
    wakes = [kernel.wakes_at(f"case/20260302-{n:06d}", limited("5wd"), spread) - NOON for n in range(10_000)]
    tenths = Counter(int(w / (spread / 10)) for w in wakes)
    assert sorted(tenths) == list(range(10))
    assert max(tenths.values()) < 1.2 * min(tenths.values())


def test_a_timer_is_late_by_when_its_process_should_have_woken_and_counts_from_its_instant() -> None:
    spread = timedelta(minutes=3)
    kit = City().case().dispatched()
    timer = min((t for t in kit.process.timers if t.limit.endswith("wd")), key=lambda t: t.at)
    wakes = kernel.wakes_at(kit.process.id, timer, spread)
    assert timer.at < wakes
    facts = kit.city.facts(None, kit)
    for now, late in ((wakes + timedelta(seconds=59), False), (wakes + timedelta(seconds=61), True)):
        tick = Envelope(id="t", process=kit.process.id, name=kernel.TICK, body={}, actor=SYSTEM, received_at=now)
        got = kernel.advance(DECIDER, kit.process, tick, facts, now, spread)
        rang = next(e for r in got.records for e in r.events if e.type == "timer_rang" and e.body["key"] == timer.key)
        assert (rang.at, rang.body["late_by"]) == (timer.at, "engine" if late else None)
