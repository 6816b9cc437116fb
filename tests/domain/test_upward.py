"""A case goes up and comes back: it and the rings, consultations, rulings and supervision it begins (M01-M03, M05, M10)."""

from datetime import timedelta
from typing import Any

import pytest

from domain.process import Actor
from tests.domain.casekit import REF, opening
from tests.domain.townkit import Town

CASE = "case/c1"
MIDDLE = "ring/c1/middle/1"
LARGE = "ring/c1/large/1"


class City(Town):
    """A town with one case of the district east, dispatched to its street."""

    def __init__(self, lead: str = "east-1", **fields: Any) -> None:
        super().__init__()
        body = opening("c1", self) | {"district": "east", "street": "east-1"} | fields
        assert self.send(CASE, "open", body, Actor(user="system", role="system")) is None
        self.give(CASE, "triage", triage="routine")
        self.give(CASE, "dispatch", lead=lead)
        self.give(CASE, "sign", order="a1", unit_=lead)
        self.lead = lead

    def up(self) -> "City":
        """The street reports up, and the district takes it."""
        self.give(CASE, "report_up", order="a1", unit_=self.lead)
        self.deliver()
        self.give(MIDDLE, "answer_report", accept=True, district_="east")
        return self

    def todo_of(self, process: str, command: str) -> Any:
        return next(t for t in self.todos(process) if command in t.commands)


def test_what_the_street_reports_up_is_concluded_by_the_district_and_handled_by_whom_it_names() -> None:
    town = City().up()
    assert (town.stage(MIDDLE), town.state(CASE).ring) == ("coordinating", "middle")
    town.give(MIDDLE, "whistle_units", units=["east-housing", "east-roads"], district_="east")
    town.give(MIDDLE, "report_in", unit="east-housing", unit_="east-housing")
    town.give(MIDDLE, "conclude", lead="east-housing", co=["east-roads"], extra_days=3, district_="east")
    town.deliver()
    orders = {o.unit: o for o in town.state(CASE).live}
    assert set(orders) == {"east-housing", "east-roads"}
    assert orders["east-housing"].no_return, "what a ring has decided is not given back"
    assert town.state(CASE).holds == {}
    assert town.state(MIDDLE).items["i1"].state == "applied"
    assert town.state(CASE).clocks[f"{orders['east-housing'].id}/handle"].clock.extensions


def test_the_street_works_on_while_the_district_decides() -> None:
    town = City().up()
    todo = town.todo(CASE, "a1/unit")
    assert {"submit_result", "report_progress"} <= set(todo.commands)
    assert "report_up" not in todo.commands, "once is enough"
    assert town.refusal(CASE, "report_up", order="a1", unit_="east-1") == "matter_reserved"


def test_a_result_accepted_before_the_ring_decides_overtakes_it() -> None:
    town = City().up()
    town.give(CASE, "contact", order="a1", unit_="east-1")
    town.give(CASE, "submit_result", order="a1", code="explained", unit_="east-1")
    town.give(CASE, "review_result", order="a1", accept=True)
    town.deliver()
    assert town.stage(MIDDLE) == "overtaken"
    assert town.stage(CASE) == "callback"


def test_a_verdict_that_comes_too_late_is_overtaken_and_changes_nothing() -> None:
    town = City().up()
    town.give(MIDDLE, "whistle_units", units=["east-housing"], district_="east")
    town.give(MIDDLE, "conclude", lead="east-housing", district_="east")
    town.give(CASE, "submit_result", order="a1", code="explained", unit_="east-1")
    town.give(CASE, "review_result", order="a1", accept=True)
    town.deliver()
    assert town.stage(MIDDLE) == "overtaken"
    assert [o.unit for o in town.state(CASE).orders.values()] == ["east-1"]


def test_what_the_district_cannot_do_goes_to_the_city_which_keeps_the_matter() -> None:
    town = City().up()
    town.give(MIDDLE, "escalate", district_="east")
    town.deliver()
    assert (town.stage(MIDDLE), town.state(CASE).ring) == ("escalated", "large")
    assert town.state(CASE).holds["*"].process == LARGE
    town.give(LARGE, "answer_report", accept=True, role="city_office")
    town.give(LARGE, "name_lead", lead="water", units=["roads"])
    town.give(LARGE, "conclude", lead="water", role="city_office")
    town.deliver()
    assert town.state(CASE).lead.unit == "water"


def test_a_refusal_never_sends_the_case_down() -> None:
    town = City()
    town.give(CASE, "report_up", order="a1", unit_="east-1")
    town.deliver()
    town.give(MIDDLE, "answer_report", accept=False, reason=REF, district_="east")
    town.deliver()
    assert town.state(CASE).holds["*"].process == LARGE
    town.give(LARGE, "answer_report", accept=False, reason=REF, role="city_office")
    town.deliver()
    (held,) = town.state(CASE).holds.values()
    assert held.process.startswith("adjudication/")


def test_a_dispute_is_settled_by_those_who_may_own_it() -> None:
    town = City()
    town.give(CASE, "triage", triage="disputed")
    town.give(CASE, "call_consultation", matter="m1", candidates=["water", "roads"])
    town.deliver()
    process = "consultation/c1-m1"
    town.give(process, "state_opinion", item="i1", unit="water", opinion="mine", unit_="water")
    town.give(process, "state_opinion", item="i1", unit="roads", opinion="not_mine", unit_="roads")
    town.deliver()
    assert town.state(CASE).lead.unit == "water"
    assert not town.state(CASE).lead.no_return, "it was asked, not ruled"
    assert town.closed(process)


def test_without_consensus_the_group_rules_and_its_ruling_cannot_be_given_back() -> None:
    town = City()
    town.give(CASE, "triage", triage="disputed")
    town.give(CASE, "call_consultation", matter="m1", candidates=["water", "roads"])
    town.deliver()
    for unit in ("water", "roads"):
        town.give("consultation/c1-m1", "state_opinion", item="i1", unit=unit, opinion="not_mine", unit_=unit)
    town.give("consultation/c1-m1", "send_to_adjudication")
    town.deliver()
    (group,) = town.starts_with("adjudication/")
    assert town.state(CASE).holds["m1"].process == group
    town.ring(group, "evidence")
    town.give(group, "rule", item="i1", form="designate", lead="roads", user_="first")
    assert town.refusal(group, "confirm_ruling", item="i1", approve=True, user_="first") == "four_eyes"
    town.give(group, "confirm_ruling", item="i1", approve=True, user_="second")
    town.deliver()
    lead = town.state(CASE).lead
    assert (lead.unit, lead.no_return) == ("roads", True)
    back = {"order": lead.id, "ground": "not_our_duty", "proposed_owner": "water", "unit_": "roads"}
    assert town.refusal(CASE, "request_return", **back) == "no_return"
    assert town.closed(group)
    assert town.told(group, "paper"), "明责交办单"


def disputed_beside_another_order() -> City:
    """Another case on the same matter is with the water works while it is asked whose this one is."""
    town = City()
    body = opening("c2", town) | {"district": "east"}
    assert town.send("case/c2", "open", body, Actor(user="system", role="system")) is None
    town.give("case/c2", "triage", triage="routine", matter="leak")
    town.give("case/c2", "dispatch", lead="water")
    town.give(CASE, "correct", field="matter", value="leak")
    town.give(CASE, "triage", triage="disputed")
    town.give(CASE, "call_consultation", matter="m1", candidates=["water", "roads"])
    town.deliver()
    return town


def test_a_verdict_for_a_unit_that_has_another_cases_order_is_overtaken_and_the_case_held_for_nobody() -> None:
    town = disputed_beside_another_order()
    process = "consultation/c1-m1"
    town.give(process, "state_opinion", item="i1", unit="water", opinion="mine", unit_="water")
    town.give(process, "state_opinion", item="i1", unit="roads", opinion="not_mine", unit_="roads")
    town.deliver()
    item = town.state(process).items["i1"]
    assert (item.state, item.code, town.closed(process)) == ("overtaken", "order_exists", True)
    assert town.state(CASE).holds == {}
    assert [o.unit for o in town.state(CASE).live] == ["east-1"]
    assert town.todo_of(CASE, "designate").role == "city_centre", "whose it is is open again"


def test_of_those_who_work_with_the_owner_one_with_another_cases_order_keeps_that_one() -> None:
    town = disputed_beside_another_order()
    process = "consultation/c1-m1"
    town.give(process, "state_opinion", item="i1", unit="water", opinion="joint", unit_="water")
    town.give(process, "state_opinion", item="i1", unit="roads", opinion="mine", unit_="roads")
    town.deliver()
    assert town.state(process).items["i1"].state == "applied"
    assert town.state(CASE).holds == {}
    assert [o.unit for o in town.state(CASE).live] == ["roads"]
    (held,) = (e.body for e in town.events[CASE] if e.type == "order_held")
    assert held == {"unit": "water", "holder": "case/c2"}


def test_who_designates_overtakes_the_consultation() -> None:
    town = City()
    town.give(CASE, "triage", triage="disputed")
    town.give(CASE, "call_consultation", matter="m1", candidates=["water", "roads"])
    town.deliver()
    town.give(CASE, "designate", lead="parks")
    town.deliver()
    assert town.closed("consultation/c1-m1")
    assert town.state("consultation/c1-m1").items["i1"].state == "overtaken"


def test_a_consultation_that_is_withdrawn_gives_the_matter_back() -> None:
    town = City()
    town.give(CASE, "triage", triage="disputed")
    town.give(CASE, "call_consultation", matter="m1", candidates=["water", "roads"])
    town.deliver()
    town.give("consultation/c1-m1", "withdraw_consultation")
    town.deliver()
    assert town.state(CASE).holds == {}
    assert town.todo(CASE, "matter/m1").role == "city_centre"
    town.give(CASE, "call_consultation", matter="m1", candidates=["water", "roads"])
    town.deliver()
    assert town.stage("consultation/c1-m1.2") == "voting", "a second one is another process"


def test_a_unit_that_lets_its_limit_pass_is_urged_the_day_after_and_only_once() -> None:
    town = City()
    town.wait(days=12)
    urges = town.starts_with("supervision/c1/urge/")
    assert len(urges) == 1
    assert town.state(urges[0]).unit == "east-1"


def test_what_was_received_before_the_deadline_takes_the_urge_back() -> None:
    town = City()
    due = town.state(CASE).running("a1/handle").clock.due
    town.wait(days=12)
    (urge,) = town.starts_with("supervision/c1/urge/")
    body = {"order": "a1", "code": "explained", "reply": REF}
    actor = town.actor(CASE, "submit_result", unit="east-1")
    assert town.send(CASE, "submit_result", body, actor, received=due - timedelta(minutes=1)) is None
    town.deliver()
    assert town.closed(urge)
    assert not town.state(CASE).urged


@pytest.mark.parametrize("again", [False, True])
def test_a_message_that_arrives_twice_counts_once(again: bool) -> None:
    town = City()
    town.give(CASE, "report_up", order="a1", unit_="east-1")
    if again:
        town.arrive(0, again=True)
    town.deliver()
    assert town.stage(MIDDLE) == "answering"
    assert len(town.starts_with("ring/")) == 1


def merging() -> Town:
    """A disputed case without an order that is to hang on another, while those who know are asked whose it is."""
    town = Town()
    for no in ("c1", "c2"):
        body = opening(no, town) | {"district": "east", "street": "east-1"}
        assert town.send(f"case/{no}", "open", body, Actor(user="system", role="system")) is None
    town.give(CASE, "triage", triage="disputed")
    town.give(CASE, "call_consultation", matter="m1", candidates=["water", "roads"])
    town.deliver()
    town.give(CASE, "merge", into="c2")
    return town


def passed_on(town: Town) -> str:
    """Those asked do not agree: the group is to decide what the case holds for them. The case hears it while it merges."""
    asked = "consultation/c1-m1"
    for unit in ("water", "roads"):
        town.give(asked, "state_opinion", item="i1", unit=unit, opinion="not_mine", unit_=unit)
    town.give(asked, "send_to_adjudication")
    merge, *others = town.mail
    town.mail = others
    town.deliver()
    town.mail = [merge]
    (group,) = town.starts_with("adjudication/")
    return group


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_what_is_passed_on_while_the_case_is_to_merge_is_held_for_who_decides_it_when_it_does_not(how: str) -> None:
    town = merging()
    group = passed_on(town)
    if how == "withdrawn":
        town.give(CASE, "withdraw_merge")
    else:
        town.give("case/c2", "answer")
    town.deliver()
    assert town.state(CASE).merging_into is None
    assert town.state(CASE).holds["m1"].process == group, "and not for the consultation, which is over"
    assert town.state(group).items["i1"].state == "reserved"
    town.ring(group, "evidence")
    town.give(group, "rule", item="i1", form="designate", lead="roads", user_="first")
    town.give(group, "confirm_ruling", item="i1", approve=True, user_="second")
    town.deliver()
    assert (town.state(CASE).lead.unit, town.state(CASE).holds) == ("roads", {})


def test_what_is_passed_on_while_the_case_is_to_merge_is_overtaken_when_it_does() -> None:
    town = merging()
    group = passed_on(town)
    town.deliver()
    assert (town.stage(CASE), town.state(CASE).holds) == ("merged", {})
    assert town.state(group).items["i1"].state == "overtaken"
    assert town.closed(group)


def test_a_case_that_is_to_merge_is_held_for_nobody_else() -> None:
    town = merging()
    verdict = {"process": "session/s1", "item": "i1"}
    reserved = town.send(CASE, "reserve_matter", verdict, Actor(user="system", role="system"))
    assert reserved == "merge_pending"
    instead = {**verdict, "instead_of": "session/s2"}
    assert town.send(CASE, "reserve_matter", instead, Actor(user="system", role="system")) == "merge_pending"


def test_of_two_matters_that_are_passed_on_each_keeps_its_own() -> None:
    town = Town()
    body = opening("c1", town) | {"district": "east", "street": "east-1"}
    system = Actor(user="system", role="system")
    assert town.send(CASE, "open", body, system) is None
    town.give(CASE, "triage", triage="routine")
    for item in ("i1", "i2"):  # the whole, and then the question of the owner that is raised meanwhile
        assert town.send(CASE, "reserve_matter", {"process": "session/s1", "item": item}, system) is None
        if item == "i1":
            town.give(CASE, "triage", triage="disputed")
    for item, matter in (("i1", "m1"), ("i2", None)):
        moved = {"process": "session/s2", "item": item, "matter": matter, "instead_of": "session/s1"}
        assert town.send(CASE, "reserve_matter", moved, system) is None
    assert {k: (h.process, h.item) for k, h in town.state(CASE).holds.items()} == {
        "m1": ("session/s2", "i1"),
        "*": ("session/s2", "i2"),
    }


def helped(town: City) -> None:
    """The roads office works with the street."""
    body = {"unit": "roads", "role": "co", "reason": REF}
    assert town.send(CASE, "add_assignment", body, Actor(user="dispatcher", role="dispatcher")) is None


def test_a_ruled_helper_whose_result_was_taken_is_asked_for_nothing_more_and_the_ruling_holds() -> None:
    town = City()
    helped(town)
    order = next(o.id for o in town.state(CASE).live if o.unit == "roads")
    town.give(CASE, "contact", order=order, unit_="roads")
    town.give(CASE, "submit_result", order=order, code="explained", unit_="roads")
    town.give(CASE, "review_result", order=order, accept=True)
    town.give(CASE, "triage", triage="disputed", reason=REF)
    town.give(CASE, "designate", lead="water", co=["roads", "parks"])
    orders = {o.unit: o for o in town.state(CASE).orders.values()}
    assert town.state(CASE).lead.unit == "water"
    assert (orders["roads"].id, str(orders["roads"].state)) == (order, "accepted")
    assert orders["parks"].no_return


def test_none_of_those_named_by_a_ruling_gives_it_back() -> None:
    town = City()
    helped(town)
    town.give(CASE, "triage", triage="disputed", reason=REF)
    town.give(CASE, "designate", lead="water", co=["roads", "parks"])
    for unit in ("water", "roads", "parks"):
        order = next(o.id for o in town.state(CASE).live if o.unit == unit)
        asked = {"order": order, "ground": "not_our_duty", "proposed_owner": "schools", "unit_": unit}
        assert town.refusal(CASE, "request_return", **asked) == "no_return"


def test_who_had_it_only_from_the_former_lead_gets_an_order_of_his_own_when_he_is_named() -> None:
    town = City(lead="east")
    town.give(CASE, "hand_down", order="a1", unit="east-1", unit_="east")
    town.give(CASE, "triage", triage="disputed", reason=REF)
    town.give(CASE, "designate", lead="water", co=["east-1"])
    live = {o.unit: (str(o.role), o.above, o.no_return) for o in town.state(CASE).live}
    assert live == {"water": ("lead", None, True), "east-1": ("co", None, True)}


def test_a_convener_alone_is_no_ruling_so_what_went_up_does_not_come_down_by_another_hand() -> None:
    town = City().up()
    assert town.refusal(MIDDLE, "conclude", lead="east-1", district_="east") == "no_return_down"
    town.give(MIDDLE, "conclude", lead="east", district_="east")
    town.deliver()
    order = town.state(CASE).lead
    assert (order.unit, town.state(CASE).ring) == ("east", "middle")
    town.give(CASE, "contact", order=order.id, unit_="east")
    assert town.refusal(CASE, "hand_down", order=order.id, unit="east-1", unit_="east") == "came_up"


def test_a_ring_is_told_of_a_result_that_is_wanted_no_more() -> None:
    town = City().up()
    town.give(MIDDLE, "whistle_units", units=["east-housing", "east-roads"], district_="east")
    town.give(MIDDLE, "conclude", lead="east-housing", co=["east-roads"], district_="east")
    town.deliver()
    order = next(o.id for o in town.state(CASE).live if o.unit == "east-roads")
    town.give(CASE, "waive_result", order=order)
    town.deliver()
    assert town.state(MIDDLE).unfinished == {"east-housing"}


def test_a_ring_waits_for_nobody_any_more_when_the_callers_are_called() -> None:
    town = City().up()
    town.give(MIDDLE, "whistle_units", units=["east-housing", "east-roads"], district_="east")
    town.give(MIDDLE, "conclude", lead="east-housing", co=["east-roads"], district_="east")
    town.deliver()
    orders = {o.unit: o.id for o in town.state(CASE).live}
    assert town.refusal(CASE, "withdraw_order", order=orders["east-roads"]) == "no_return", "one alone"
    town.give(CASE, "withdraw_order", order=orders["east-roads"], role="city_centre")
    lead = orders["east-housing"]
    town.give(CASE, "contact", order=lead, unit_="east-housing")
    town.give(CASE, "submit_result", order=lead, code="explained", unit_="east-housing")
    town.give(CASE, "review_result", order=lead, accept=True)
    town.deliver()
    assert (town.stage(CASE), town.stage(MIDDLE)) == ("callback", "rating"), "though the roads office never finished"
    answer: dict[str, Any] = {"request": "c1", "reached": True, "solved": "no", "satisfaction": "unsatisfied"}
    town.give(CASE, "record_callback", **answer)
    town.deliver()
    assert (town.state(CASE).cycle, town.stage(MIDDLE)) == (2, "rating"), "a redo is work of its own"


def test_who_was_ruled_the_owner_is_not_asked_about_again_by_another_class() -> None:
    town = City()
    town.give(CASE, "triage", triage="disputed", reason=REF)
    town.give(CASE, "designate", lead="parks")
    assert town.refusal(CASE, "triage", triage="disputed", reason=REF) == "no_return"
    assert town.state(CASE).owner_matter is None


def test_what_was_agreed_does_not_undo_what_was_ruled() -> None:
    town = City()
    town.give(CASE, "triage", triage="disputed", reason=REF)
    town.give(CASE, "designate", lead="parks")
    verdict = {"lead": "roads", "no_return": False, "basis": "r#x"}
    system = Actor(user="system", role="system")
    town.send(CASE, "reserve_matter", {"process": "consultation/x", "item": "i1"}, system)
    assert (
        town.send(CASE, "apply_decision", {"process": "consultation/x", "item": "i1", "verdict": verdict}, system)
        is None
    )
    assert (town.state(CASE).lead.unit, town.state(CASE).lead.no_return) == ("parks", True)
    (over,) = (e.body for e in town.events[CASE] if e.type == "hold_overtaken")
    assert over["code"] == "no_return"


def test_a_case_nobody_has_screened_is_held_for_nobody() -> None:
    town = Town()
    body = opening("c1", town) | {"district": "east", "street": "east-1"}
    system = Actor(user="system", role="system")
    assert town.send(CASE, "open", body, system) is None
    wanted = {"process": "consultation/20260302-AAAAAA", "item": "i1"}
    assert town.send(CASE, "reserve_matter", wanted, system) == "not_screened"
    town.give(CASE, "triage", triage="routine")
    assert town.send(CASE, "reserve_matter", wanted, system) is None


def test_a_street_that_whistled_hands_its_order_down_as_before() -> None:
    town = City()
    town.give(CASE, "whistle", order="a1", unit_="east-1")
    town.deliver()
    town.give(MIDDLE, "answer_report", accept=True, district_="east")
    town.give(MIDDLE, "whistle_units", units=["east-housing"], district_="east")
    town.give(MIDDLE, "conclude", lead="east-1", co=["east-housing"], district_="east")
    town.deliver()
    assert (town.state(CASE).ring, town.state(CASE).lead.unit) == ("middle", "east-1")
    town.give(CASE, "hand_down", order="a1", unit="east-1-river", unit_="east-1")
    town = City().up()
    assert town.refusal(CASE, "hand_down", order="a1", unit="east-1-river", unit_="east-1") == "came_up"
