"""转下级 and 现场办结: the order above stays open and answerable, the lower unit reports to it; the grid worker closes at once."""

from typing import Any

import pytest

from domain.case import DECIDER
from domain.process import Actor
from tests.domain.casekit import CaseKit, City, replays

STREET, COMMUNITY, GRID = "east-1", "east-1-river", "east-1-river-g1"


def at_the_street(**more: Any) -> CaseKit:
    return City().case(district="east", street=STREET).dispatched(lead=STREET, **more)


def down(kit: CaseKit | None = None, unit: str = COMMUNITY, order: str = "a1") -> CaseKit:
    return (kit or at_the_street()).do("hand_down", order=order, unit=unit)


def at_the_grid() -> CaseKit:
    return down(down(), GRID, "a2")


def reported(kit: CaseKit, order: str = "a2") -> CaseKit:
    return kit.do("submit_result", order=order, code="solved", documents=["doc-1"])


def test_the_order_above_stays_open_and_the_lower_unit_has_one_of_its_own() -> None:
    kit = down()
    assert (kit.state_of("a1"), kit.state_of("a2")) == ("working", "sent")
    below = kit.state.orders["a2"]
    assert (below.above, below.role, below.level, below.unit) == ("a1", "handed_down", "community", COMMUNITY)
    assert kit.told(COMMUNITY) == ["order_sent"]
    assert kit.state.lead is not None
    assert kit.state.lead.unit == STREET, "who answers is the same"
    assert {f"order/{u}/c1" for u in (STREET, COMMUNITY)} == DECIDER.claims(kit.state)


def test_the_limit_of_the_lower_unit_ends_before_that_of_the_one_above() -> None:
    kit = at_the_street()
    kit.go(days=1)
    down(kit)
    # 2 March and 7 working days; the lower unit one working day before.
    assert kit.due("a1/handle").isoformat() == "2026-03-11T16:00:00+00:00"
    assert kit.due("a2/handle").isoformat() == "2026-03-10T16:00:00+00:00"


def test_a_helper_that_was_given_more_time_hands_it_down() -> None:
    kit = City().case(district="east", street=STREET).dispatched(territory=STREET).do("sign", order="a2")
    kit.do("request_extension", order="a2", days=5, ground="season", caller_told=True)
    for role in ("unit_head", "city_centre"):
        kit.do("review_extension", role=role, order="a2", approve=True)
    down(kit, order="a2")
    assert kit.due("a1/handle") < kit.due("a3/handle") <= kit.due("a2/handle")


def test_the_street_has_said_by_it_that_it_handles_the_case() -> None:
    kit = at_the_street()
    assert kit.state.running("a1/choice") is not None
    assert down(kit).state.running("a1/choice") is None


def test_the_lower_unit_reports_the_one_above_takes_it_and_answers_the_case() -> None:
    kit = reported(down())
    assert kit.told(STREET)[-1] == "report_submitted"
    todo = kit.todos()["a2/report"]
    assert (todo.role, todo.unit, todo.commands[0]) == ("unit_liaison", STREET, "review_report")
    assert "a2/review" not in kit.todos(), "it is not the centre's to review"
    kit.do("review_report", order="a2", accept=True)
    assert kit.told(COMMUNITY)[-1] == "result_accepted"
    assert kit.stage == "in_progress", "the street has not answered yet"
    kit.accepted("a1").satisfied()
    assert kit.stage == "closed"
    replays(kit)


def test_a_report_is_sent_back_and_the_remainder_of_its_limit_runs_on() -> None:
    kit = reported(down())
    assert kit.refuses("review_report", order="a2", accept=False) == "reason_needed"
    kit.do("review_report", order="a2", accept=False, reason="r#x")
    assert kit.state_of("a2") == "working"
    assert kit.due("a2/handle") > kit.city.now
    assert kit.told(COMMUNITY)[-1] == "sent_back"
    reported(kit).do("review_report", order="a2", accept=True)


def test_who_reported_does_not_take_the_report() -> None:
    kit = down().do("submit_result", user="u1", order="a2", code="solved")
    assert kit.refuses("review_report", user="u1", order="a2", accept=True) == "four_eyes"


def test_a_report_nobody_looks_at_is_the_fault_of_the_unit_above() -> None:
    kit = reported(down()).go(days=3).tick()
    assert kit.told(STREET)[-1] == "overdue"
    assert "overdue" not in kit.told(COMMUNITY)


def test_the_unit_above_hands_in_only_when_all_reports_are_in() -> None:
    kit = down()
    assert kit.refuses("submit_result", order="a1", code="explained") == "reports_open"
    assert "submit_result" not in kit.todos()["a1/unit"].commands
    reported(kit)
    assert kit.refuses("submit_result", order="a1", code="explained") == "reports_open"
    kit.do("recall_order", order="a2")
    assert kit.told(COMMUNITY)[-1] == "order_recalled"
    assert "submit_result" in kit.todos()["a1/unit"].commands
    kit.submitted("a1")


def test_the_lower_unit_gives_it_back_and_the_unit_above_has_it_as_before() -> None:
    kit = down().do("sign", order="a2")
    due = kit.due("a1/handle")
    assert "give_back" in kit.todos()["a2/unit"].commands
    kit.go(days=1).do("give_back", order="a2", reason="r#x")
    assert (kit.state_of("a1"), kit.state_of("a2")) == ("working", "returned")
    assert kit.due("a1/handle") == due, "it buys no time"
    assert f"order/{COMMUNITY}/c1" not in DECIDER.claims(kit.state)
    assert (kit.told(COMMUNITY)[-1], kit.told(STREET)[-1]) == ("order_recalled", "order_given_back")
    assert "submit_result" in kit.todos()["a1/unit"].commands, "the unit above answers the case itself"
    assert "a2/unit" not in kit.todos()
    assert kit.state.proposed_owner is None
    kit.accepted("a1").satisfied()
    assert kit.stage == "closed"
    replays(kit)


def test_what_a_unit_gave_back_does_not_come_to_it_again_in_this_cycle() -> None:
    kit = down().do("give_back", order="a2", reason="r#x")
    assert kit.refuses("hand_down", order="a1", unit=COMMUNITY) == "just_returned"
    down(kit, "east-1-hill").do("give_back", order="a3", reason="r#x").accepted("a1")
    kit.do("record_callback", request="c1", reached=True, solved="no", satisfaction="unsatisfied")
    assert kit.state.cycle == 2
    down(kit, order=kit.state.live[-1].id)
    assert kit.state.live[-1].unit == COMMUNITY


def test_when_a_unit_in_the_middle_gives_it_back_what_lies_below_ends_too() -> None:
    kit = at_the_grid().do("give_back", order="a2", reason="r#x")
    assert (kit.state_of("a1"), kit.state_of("a3")) == ("working", "withdrawn")
    assert kit.told(GRID)[-1] == "order_recalled"
    assert "order_given_back" not in kit.told(COMMUNITY)


def test_a_grid_worker_gives_it_back_to_the_unit_that_handed_it_down() -> None:
    kit = at_the_grid().do("give_back", role="grid_worker", order="a3", reason="r#x")
    assert kit.told(COMMUNITY)[-1] == "order_given_back"


def test_only_what_was_handed_down_and_is_not_reported_on_is_given_back_by_who_has_it() -> None:
    kit = down()
    assert kit.refuses("give_back", order="a1", reason="r#x") == "not_handed_down"
    for unit in (STREET, "water"):
        body = {"order": "a2", "reason": "r#x"}
        assert kit.send("give_back", body, Actor(user="x", role="unit_liaison", unit=unit)).refusal == "not_permitted"
    assert reported(kit).refuses("give_back", order="a2", reason="r#x") == "not_in_this_state"


def test_what_was_ruled_stays_with_the_unit_the_ruling_names_whoever_below_gives_it_back() -> None:
    kit = City().case(district="east", street=STREET).triaged("hard").do("dispatch", lead=STREET)
    down(kit.do("designate", lead=STREET)).do("give_back", order="a2", reason="r#x")
    lead = kit.state.lead
    assert lead is not None
    assert (lead.unit, lead.no_return, lead.state) == (STREET, True, "working")


def test_only_the_unit_above_takes_a_report_or_the_order_back() -> None:
    kit = reported(down())
    for unit in (COMMUNITY, "water"):
        for name, body in (("review_report", {"accept": True}), ("recall_order", {"reason": "r#x"})):
            got = kit.send(name, {"order": "a2", **body}, Actor(user="x", role="unit_liaison", unit=unit))
            assert got.refusal == "not_permitted"


@pytest.mark.parametrize("unit", ["west-1", "east", STREET, "water", "east-2"])
def test_it_goes_down_in_its_own_branch_only(unit: str) -> None:
    assert at_the_street().refuses("hand_down", order="a1", unit=unit) == "not_below"


@pytest.mark.parametrize("unit", ["closed-bureau", "nowhere"])
def test_it_goes_to_a_unit_that_is_there(unit: str) -> None:
    assert at_the_street().refuses("hand_down", order="a1", unit=unit) == "unknown_unit"


def test_levels_may_be_passed_over() -> None:
    assert down(unit=GRID).state.orders["a2"].level == "grid"


def test_the_city_hands_down_to_a_district_and_not_to_a_street_at_once() -> None:
    kit = City().case().dispatched("housing")
    assert kit.refuses("hand_down", order="a1", unit=STREET) == "not_below"
    down(kit, "east-housing")
    assert kit.refuses("hand_down", order="a2", unit="west-1") == "not_below"


def test_five_levels_and_each_reports_to_the_one_above() -> None:
    kit = City().case().dispatched("housing")
    for n, unit in enumerate(("east", STREET, COMMUNITY, GRID), start=1):
        down(kit, unit, f"a{n}")
    assert [kit.state.orders[f"a{n}"].level for n in range(1, 6)] == [
        "city", "district", "street", "community", "grid",
    ]  # fmt: skip
    dues = [kit.due(f"a{n}/handle") for n in range(1, 6)]
    assert dues == sorted(dues, reverse=True)
    for n in (5, 4, 3, 2):
        reported(kit, f"a{n}").do("review_report", order=f"a{n}", accept=True)
    kit.accepted("a1").satisfied()
    assert kit.stage == "closed"
    replays(kit)


def test_a_unit_has_one_order_of_the_case_also_by_hand_down() -> None:
    kit = down()
    assert kit.refuses("hand_down", order="a1", unit=COMMUNITY) == "unit_twice"
    city = City()
    first, second = (city.case(no, district="east", street=STREET).triaged(matter="leak") for no in ("c1", "c2"))
    down(first.do("dispatch", lead=STREET))
    second.do("dispatch", lead="east")
    assert second.refuses("hand_down", order="a1", unit=COMMUNITY) == "order_exists"


def test_what_the_centre_sent_back_may_be_handed_down_to_the_same_unit_again() -> None:
    kit = reported(down()).do("review_report", order="a2", accept=True).submitted("a1")
    kit.do("review_result", order="a1", accept=False, reason="r#x")
    down(kit)
    assert kit.state_of("a3") == "sent"


@pytest.mark.parametrize(
    ("command", "body"),
    [
        ("request_return", {"ground": "not_our_duty", "proposed_owner": "roads"}),
        ("request_extension", {"days": 1, "ground": "season", "caller_told": True}),
        ("request_pause", {"kind": "weather"}),
        ("request_termination", {"ground": "caller_refuses_cooperation"}),
        ("waive_result", {}),
        ("withdraw_order", {}),
        ("reassign", {"unit": "roads"}),
    ],
)
def test_a_lower_unit_settles_with_the_one_above_and_the_centre_with_that_one(
    command: str, body: dict[str, Any]
) -> None:
    kit = down().do("sign", order="a2")
    assert kit.refuses(command, order="a2", **body) == "handed_down"
    assert command not in kit.todos()["a2/unit"].commands


def test_the_centre_does_not_review_a_report() -> None:
    assert reported(down()).refuses("review_result", order="a2", accept=True) == "handed_down"


def test_nobody_is_added_as_a_lower_unit() -> None:
    kit = at_the_street()
    body = {"unit": COMMUNITY, "role": "handed_down", "reason": "r#x"}
    assert kit.send("add_assignment", body, Actor(user="d", role="dispatcher")).refusal == "not_by_dispatch"


def test_an_order_that_is_none_is_neither_reviewed_nor_recalled() -> None:
    kit = at_the_street().submitted("a1")
    assert kit.refuses("review_report", order="a1", accept=True) == "not_handed_down"
    assert kit.refuses("recall_order", order="a1") == "not_handed_down"


def test_when_the_order_above_ends_all_below_it_end() -> None:
    kit = at_the_grid().do("reassign", order="a1", unit="water")
    assert {kit.state_of(o) for o in ("a2", "a3")} == {"withdrawn"}
    assert kit.told(GRID)[-1] == "order_recalled"
    assert f"order/{GRID}/c1" not in DECIDER.claims(kit.state)


def test_a_helper_hands_down_too() -> None:
    kit = City().case(district="east", street=STREET).dispatched(territory=STREET)
    down(kit, order="a2")
    reported(kit, "a3").do("review_report", order="a3", accept=True).accepted("a2").accepted("a1")
    assert kit.stage == "callback"


def test_a_paused_order_is_not_handed_down() -> None:
    kit = at_the_street().do("sign", order="a1").do("request_pause", order="a1", kind="court")
    kit.do("review_pause", order="a1", approve=True)
    assert kit.refuses("hand_down", order="a1", unit=COMMUNITY) == "paused"


def test_what_went_up_comes_down_only_by_a_ruling() -> None:
    kit = at_the_street().do("report_up", order="a1")
    assert kit.refuses("hand_down", order="a1", unit=COMMUNITY) == "came_up"
    ring = kit.state.begun[0]
    system = Actor(user="system", role="system")
    verdict = {"lead": STREET, "basis": "r#x"}
    assert kit.send("apply_decision", {"process": ring, "item": "i1", "verdict": verdict}, system).refusal is None
    down(kit)


def test_a_ruling_of_the_city_centre_lets_it_come_down() -> None:
    kit = City().case(district="east", street=STREET).triaged("hard")
    assert kit.state.ring == "middle"
    kit.do("dispatch", lead=STREET)
    assert kit.refuses("hand_down", order="a1", unit=COMMUNITY) == "came_up"
    down(kit.do("designate", lead=STREET))


def test_what_went_up_once_more_takes_another_ruling() -> None:
    kit = City().case(district="east", street=STREET).triaged("disputed").do("dispatch", lead=STREET)
    kit.do("designate", lead=STREET)
    down(kit).do("recall_order", order="a2").do("report_up", order="a1")
    assert kit.refuses("hand_down", order="a1", unit=COMMUNITY) == "came_up"


# -------------------------------------------------------------------------------------------------------- 现场办结 on the spot


def closing(kit: CaseKit, order: str = "a3", **more: Any) -> CaseKit:
    return kit.do("close_on_spot", order=order, **({"documents": ["photo-1"]} | more))


def test_a_grid_worker_closes_on_the_spot_and_the_result_is_reviewed_and_called_back_on() -> None:
    kit = closing(at_the_grid(), user="g1")
    assert [str(kit.state_of(o)) for o in ("a1", "a2", "a3")] == ["submitted", "accepted", "accepted"]
    assert [kit.told(u)[-1] for u in (STREET, COMMUNITY)] == ["closed_on_spot"] * 2
    assert kit.state.on_spot == DECIDER.columns(kit.state)["case_row"][0]["on_spot"] == 1
    assert kit.refuses("review_result", user="g1", order="a1", accept=True) == "four_eyes"
    kit.do("review_result", order="a1", accept=True)
    assert kit.stage == "callback", "still called back"
    kit.satisfied()
    assert kit.bodies("closed")[0]["proof"][1:] == ["photo-1"]
    replays(kit)


def test_closing_on_the_spot_stops_every_clock_on_the_way_up() -> None:
    kit = closing(at_the_grid())
    running = {k for k, r in kit.state.clocks.items() if r.stopped_at is None and r.clock.due is not None}
    assert running == {"a1/review", "overall/1"}


def test_a_case_sent_straight_to_a_grid_is_closed_on_the_spot_too() -> None:
    kit = closing(City().case(district="east").dispatched(GRID), "a1")
    assert kit.state_of("a1") == "submitted"
    kit.do("review_result", order="a1", accept=True)
    assert kit.stage == "callback"


def test_on_the_spot_takes_a_photo_or_a_paper() -> None:
    assert at_the_grid().refuses("close_on_spot", order="a3") == "proof_missing"


def test_only_a_grid_closes_on_the_spot() -> None:
    assert down().refuses("close_on_spot", order="a2", documents=["p"]) == "grid_only"
    kit = at_the_grid()
    body = {"order": "a3", "reply": "r#x", "documents": ["p"]}
    for role, unit in (("unit_liaison", GRID), ("grid_worker", COMMUNITY)):
        assert kit.send("close_on_spot", body, Actor(user="x", role=role, unit=unit)).refusal == "not_permitted"


def test_what_came_down_to_a_grid_is_the_grid_workers_todo() -> None:
    todo = at_the_grid().todos()["a3/unit"]
    assert (todo.role, todo.unit) == ("grid_worker", GRID)
    assert "close_on_spot" in todo.commands


def test_nothing_is_closed_over_the_head_of_another_unit_that_has_to_report() -> None:
    kit = at_the_grid().do("hand_down", order="a1", unit="east-1-hill")
    assert kit.refuses("close_on_spot", order="a3", documents=["p"]) == "reports_open"
    reported(kit, "a3").do("review_report", order="a3", accept=True)


def test_on_account_nothing_is_closed_on_the_spot() -> None:
    kit = at_the_grid().do("request_on_account", order="a1", ground="season", review_on="2026-04-01")
    for role in ("order_reviewer", "city_centre"):
        kit.do("review_on_account", role=role, order="a1", approve=True)
    assert kit.refuses("close_on_spot", order="a3", documents=["p"]) == "on_account"


def test_an_urgent_order_is_responded_to_by_being_on_the_spot() -> None:
    kit = closing(down(down(at_the_street(triage="urgent")), GRID, "a2"))
    respond = kit.state.clocks["a3/respond"]
    assert respond.met is True


def test_what_the_unit_above_is_granted_those_below_it_have_too() -> None:
    kit = at_the_grid()
    before = {o: kit.due(f"{o}/handle") for o in ("a1", "a2", "a3")}
    kit.do("request_extension", order="a1", days=5, ground="season", caller_told=True)
    for role in ("unit_head", "city_centre"):
        kit.do("review_extension", role=role, order="a1", approve=True)
    after = {o: kit.due(f"{o}/handle") for o in before}
    assert {o: after[o] - before[o] for o in before} == dict.fromkeys(before, after["a1"] - before["a1"])
    assert "due_changed" in kit.told(GRID)


def test_an_order_that_stands_still_lets_those_below_it_stand_still_and_run_on() -> None:
    kit = at_the_grid()
    left = kit.due("a3/handle") - kit.city.now
    kit.do("request_pause", order="a1", kind="court").do("review_pause", order="a1", approve=True)
    assert all(kit.state.clocks[f"{o}/handle"].clock.due is None for o in ("a1", "a2", "a3"))
    kit.go(days=14).tick()
    assert not kit.bodies("overdue_reached")
    reported(kit, "a3")
    kit.do("resume", order="a1")
    assert kit.due("a2/handle") >= kit.city.now + left, "it had that much at least"
    assert kit.state.clocks["a3/handle"].clock.due is None, "its report is looked at"
    kit.do("review_report", order="a3", accept=False, reason="t#reason")
    assert kit.due("a3/handle") > kit.city.now


def test_a_report_that_is_sent_back_while_the_order_above_stands_still_runs_on_with_it() -> None:
    kit = at_the_grid()
    reported(kit, "a3").do("request_pause", order="a1", kind="court").do("review_pause", order="a1", approve=True)
    kit.do("review_report", order="a3", accept=False, reason="t#reason")
    assert kit.state.clocks["a3/handle"].clock.due is None
    kit.go(days=3).do("resume", order="a1")
    assert kit.due("a3/handle") > kit.city.now
