"""重启: a case that is over is opened again on new facts, by two persons; a fresh cycle, and what was stays to be seen."""

import pytest

from domain.case import DECIDER
from domain.casework.words import OrderState
from domain.process import Actor
from tests.domain.casekit import CaseKit, City, replays


def archived() -> CaseKit:
    kit = City().case(district="east").closed().go(days=8).tick()
    assert kit.stage == "archived"
    return kit


def asked(kit: CaseKit | None = None) -> CaseKit:
    return (kit or archived()).do("request_reopening", request="c1", user="u1")


def reopened(kit: CaseKit | None = None) -> CaseKit:
    return asked(kit).do("review_reopening", approve=True)


def test_asked_for_an_archived_case_is_over_no_more_until_somebody_answers() -> None:
    kit = archived()
    assert DECIDER.closed(kit.state)
    asked(kit)
    assert kit.stage == "archived"
    assert not DECIDER.closed(kit.state)
    todo = kit.todos()["reopening"]
    assert (todo.role, todo.commands, todo.subject) == ("shift_leader", ("review_reopening",), "c1")
    kit.go(days=4).tick()
    assert kit.todos()["reopening"].role == "centre_head"


def test_opened_again_it_is_screened_anew_with_fresh_limits_and_fresh_orders() -> None:
    kit = reopened()
    assert (kit.stage, kit.state.cycle, kit.state.code, kit.state.closed_at) == ("screening", 2, None, None)
    assert kit.due("screen") > kit.city.now
    assert kit.told("caller:c1")[-1] == "reopened"
    kit.do("triage", triage="routine").do("dispatch", lead="roads")
    assert kit.state.orders["a2"].cycle == 2
    overall = kit.state.running("overall/2")
    assert overall is not None
    assert overall.clock.start == kit.city.now
    kit.do("sign", order="a2").accepted("a2").satisfied()
    assert kit.stage == "closed"
    replays(kit)


def test_earlier_results_stay_to_be_seen() -> None:
    kit = reopened().do("triage", triage="routine").do("dispatch", lead="water")
    first = kit.state.orders["a1"]
    assert first.state is OrderState.accepted
    assert first.submission is not None
    assert [r["order_id"] for r in DECIDER.columns(kit.state)["order_row"]] == ["a1", "a2"]
    assert DECIDER.columns(kit.state)["case_row"][0]["reopened"] == 1


def test_a_closed_case_is_opened_again_before_its_archive_and_is_not_archived_then() -> None:
    kit = reopened(City().case().closed())
    assert kit.stage == "screening"
    assert not [t for t in kit.process.timers if t.key.startswith("archive")]


def test_the_archive_does_not_wait_for_the_answer() -> None:
    kit = asked(City().case().closed()).go(days=8).tick()
    assert kit.stage == "archived"
    assert not DECIDER.closed(kit.state)
    kit.do("review_reopening", approve=True)
    assert kit.stage == "screening"


def test_denied_it_is_over_again() -> None:
    kit = asked().do("review_reopening", approve=False)
    assert DECIDER.closed(kit.state)
    assert kit.told("caller:c1")[-1] == "reopening_denied"
    assert kit.refuses("review_reopening", approve=True) == "no_reopening_open"
    asked(kit)


def test_who_asked_does_not_answer() -> None:
    assert asked().refuses("review_reopening", approve=True, user="u1") == "four_eyes"


def test_it_is_asked_for_once_and_by_a_caller_of_the_case() -> None:
    assert archived().refuses("request_reopening", request="c9") == "unknown_request"
    assert asked().refuses("request_reopening", request="c1") == "reopening_open"


def test_an_open_case_is_not_opened_again() -> None:
    kit = City().case().dispatched()
    assert kit.refuses("request_reopening", request="c1") == "not_in_this_stage"
    assert kit.refuses("review_reopening", approve=True) == "not_in_this_stage"


def test_only_reopening_may_be_asked_of_what_is_archived() -> None:
    kit = archived()
    assert kit.refuses("object", request="c1") == "not_in_this_stage"
    assert kit.send("request_reopening", {"request": "c1", "facts": "r#f"}, Actor(user="x", role="supervisor")).refusal


@pytest.mark.parametrize("end", ["answer", "guide", "decline"])
def test_an_end_of_screening_is_opened_again_too(end: str) -> None:
    kit = City().case()
    more = {"answer": {}, "guide": {"way": "petition"}, "decline": {"ground": "no_facts"}}[end]
    kit.do(end, **more)
    reopened(kit)
    assert (kit.stage, kit.state.end, kit.state.code) == ("screening", None, None)
    kit.dispatched()


def test_a_merged_case_goes_on_as_its_leading_one() -> None:
    city = City()
    main, other = city.case("c1").dispatched(), city.case("c2")
    other.do("merge", into="c1")
    city.deliver()
    assert other.stage == "merged"
    assert main.stage == "dispatched"
    assert other.refuses("request_reopening", request="c2") == "not_in_this_stage"


def test_only_who_has_new_facts_is_asked_again() -> None:
    city = City()
    main, other = city.case("c1").dispatched(), city.case("c2")
    other.do("merge", into="c1")
    city.deliver()
    main.accepted().satisfied("c1").satisfied("c2")
    assert main.stage == "closed"
    main.do("request_reopening", request="c2").do("review_reopening", approve=True)
    assert [c.request for c in main.state.waiting_callers] == ["c2"]


def test_who_took_his_request_back_may_have_new_facts() -> None:
    kit = City().case().dispatched().do("caller_withdrew", request="c1")
    assert kit.stage == "closed"
    reopened(kit).dispatched("roads").accepted("a2").satisfied()
    assert kit.stage == "closed"


def test_an_objection_takes_the_place_of_what_was_asked_for() -> None:
    kit = asked(City().case().closed()).do("object", request="c1")
    assert (kit.stage, kit.state.reopening) == ("dispatched", None)
    assert "reopening" not in kit.todos()
    assert not [t for t in kit.process.timers if t.key.startswith("reopening")]
