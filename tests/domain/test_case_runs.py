"""What is measured again has a clock of its own: page, ledger and export show every run."""

from datetime import UTC, datetime

from domain.case import DECIDER
from domain.casework.timekeeping import next_run, owner_and_what, runs
from domain.export import export_process, verify
from domain.keeping import ClockSet, ClockStopped
from domain.policy import pack_sha
from tests.domain.casekit import CALENDAR, CaseKit, City


def returned(kit: CaseKit, order: str = "a1") -> CaseKit:
    kit.do("request_return", order=order, ground="other_owner", proposed_owner="roads")
    kit.do("review_return", order=order, role="order_reviewer", approve=True)
    return kit.do("review_return", order=order, role="shift_leader", approve=True)


def lived() -> CaseKit:
    """Dispatched, returned, dispatched again, sent back, called back, done again, objected to."""
    city = City()
    kit = (
        returned(city.case(pack_sha=pack_sha(city.pack)).dispatched().go(hours=1))
        .go(hours=1)
        .do("dispatch", lead="parks")
    )
    kit.submitted("a2").do("review_result", order="a2", accept=False, reason="r#r").accepted("a2").go(hours=1)
    kit.dissatisfied().accepted("a3").satisfied().do("object", request="c1").accepted("a4").satisfied()
    return kit


def test_a_second_dispatch_leaves_the_first_ones_clock_as_it_was() -> None:
    kit = City().case().dispatched()
    first = kit.state.clocks["dispatch"]
    returned(kit.go(hours=1))
    assert kit.state.clocks["dispatch"] == first
    second = kit.state.running("dispatch")
    assert second is not None
    assert second.clock.key == "dispatch/2"
    assert kit.todos()["dispatch"].due == second.clock.due
    kit.do("dispatch", lead="parks")
    assert kit.state.clocks["dispatch/2"].met is True


def test_each_callback_of_a_caller_has_a_clock() -> None:
    kit = City().case().in_callback().dissatisfied().accepted("a2")
    assert [r.met for r in runs(kit.state, "callback/c1")] == [True, None]
    assert kit.todos()["callback/c1"].due == kit.state.clocks["callback/c1/2"].clock.due


def test_every_run_of_a_life_is_in_the_export_and_it_verifies() -> None:
    kit = lived()
    export = export_process(kit.process, kit.events, kit.city.pack, CALENDAR, datetime(2026, 4, 1, tzinfo=UTC))
    assert verify(type(export).model_validate_json(export.model_dump_json())) == []
    expected = {
        "dispatch",
        "dispatch/2",
        "a2/review",
        "a2/review/2",
        "callback/c1",
        "callback/c1/2",
        "callback/c1/3",
        "archive/2",
    }
    assert expected <= set(export.clocks)
    started = [e.body["clock"]["key"] for e in kit.events if e.type == "clock_set" and e.body["why"] == "started"]
    assert len(started) == len(set(started)), "a run was written over"


def test_the_timer_of_a_later_run_says_what_it_is_for() -> None:
    kit = returned(City().case().dispatched())
    timer = next(t for t in kit.process.timers if t.key == "dispatch/2/due")
    assert timer.what == "dispatch"
    assert owner_and_what(kit.state, "a1/review/2") == (kit.state.orders["a1"], "review")


def test_a_later_run_of_a_clock_that_acts_still_acts() -> None:
    kit = City().case().closed().do("object", request="c1").accepted("a2").satisfied()
    kit.city.now = kit.timer("archive/2/due")
    assert kit.tick().stage == "archived"


def test_runs_that_an_older_release_wrote_under_one_key_are_still_read_and_the_next_one_is_its_second() -> None:
    kit = City().case().dispatched()
    again = kit.state.clocks["dispatch"].clock.model_copy(update={"start": kit.city.now})
    case = DECIDER.apply(kit.state, ClockSet(clock=again, why="started"), kit.city.now)
    assert case.running("dispatch") is case.clocks["dispatch"]
    case = DECIDER.apply(case, ClockStopped(key="dispatch", stopped_at=kit.city.now), kit.city.now)
    assert next_run(case, "dispatch") == "dispatch/2"
