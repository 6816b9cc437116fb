"""研判: the ends of screening, triage and correction."""

import pytest

from tests.domain.casekit import City

ENDS = {
    "answer": ("answered", {}),
    "divert": ("diverted", {"line": "120"}),
    "guide": ("guided", {"way": "litigation"}),
    "decline": ("declined", {"ground": "no_facts"}),
}


@pytest.mark.parametrize("name", ENDS)
def test_an_end_of_screening_closes_the_case_and_tells_the_caller(name: str) -> None:
    stage, fields = ENDS[name]
    kit = City().case().do(name, **fields)
    assert kit.stage == stage
    assert str(kit.state.code) == stage
    assert kit.told("caller:c1") == ["received", stage]
    assert not kit.process.timers
    assert not kit.todos()


def test_a_decline_carries_ground_and_remedy() -> None:
    kit = City().case().do("decline", ground="malicious", reason="r#reason", remedy="r#remedy")
    body = kit.bodies("screening_ended")[0]
    assert (body["way"], body["text"], body["remedy"]) == ("malicious", "r#reason", "r#remedy")


@pytest.mark.parametrize("name", ENDS)
def test_no_end_of_screening_after_triage(name: str) -> None:
    kit = City().case().triaged()
    assert kit.refuses(name, **ENDS[name][1]) == "not_in_this_stage"


def test_opening_pins_pack_and_calendar_and_starts_the_screening_clock() -> None:
    kit = City().case()
    assert kit.state.pack == "haikou"
    assert kit.state.calendar.startswith("cn:")
    assert kit.due("screen").isoformat() == "2026-03-02T03:00:00+00:00"


def test_a_case_opens_once() -> None:
    city = City()
    kit = city.case()
    body = {k: v for k, v in kit.bodies("opened")[0].items() if v is not None}
    assert kit.refuses("open", **body) == "not_in_this_stage"


def test_triage_never_lowers_silently() -> None:
    kit = City().case().triaged("urgent")
    assert kit.refuses("triage", triage="routine") == "reason_needed"
    kit.do("triage", triage="routine", reason="r#reason")
    assert kit.bodies("triaged")[-1]["reason"] == "r#reason"
    assert kit.bodies("triaged")[-1]["by"] == "agent"


def test_raising_the_class_needs_no_reason() -> None:
    assert City().case().triaged("routine").triaged("disputed").state.triage == "disputed"


def test_of_a_disputed_case_the_dispatcher_asks_who_owns_it_and_if_he_does_not_the_city_centre_says_it() -> None:
    kit = City().case().triaged("disputed")
    todo = kit.todos()["matter/m1"]
    assert (todo.role, todo.commands, todo.rule) == ("dispatcher", ("call_consultation",), "dispute")
    assert todo.due is not None
    kit.city.now = todo.due
    kit.tick()
    todo = kit.todos()["matter/m1"]
    assert (todo.role, todo.commands) == ("city_centre", ("designate",))


@pytest.mark.parametrize(("district", "ring"), [("east", "ring/c1/middle/1"), (None, "ring/c1/large/1")])
def test_a_hard_case_goes_up_to_its_district_or_to_the_city(district: str | None, ring: str) -> None:
    kit = City().case(district=district).triaged("hard")
    assert kit.state.holds["m1"].process == ring
    assert [e.target for e in kit.effects if e.kind == "start"] == [ring]
    assert kit.state.ring == ring.split("/")[2]


def test_a_disputed_case_that_turns_hard_goes_up_as_a_whole() -> None:
    kit = City().case(district="east").triaged("disputed").triaged("hard")
    assert set(kit.state.holds) == {"*"}


def test_a_second_class_does_not_ask_for_the_owner_twice() -> None:
    kit = City().case().triaged("disputed").triaged("hard")
    assert list(kit.state.matters) == ["m1"]


def test_triage_records_the_version_of_the_catalogue_item() -> None:
    kit = City().case().triaged(item="pipe")
    assert (kit.state.item, kit.state.item_version) == ("pipe", "7")
    assert kit.refuses("triage", triage="routine", item="nonsense") == "unknown_item"


def test_a_correction_is_an_event_with_both_values() -> None:
    kit = City().case().do("correct", field="case_type", value="help")
    body = kit.bodies("corrected")[0]
    assert (body["old"], body["value"], kit.state.case_type) == ("complaint", "help", "help")


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("case_type", "nonsense", "invalid_value"),
        ("caller_type", "nonsense", "invalid_value"),
        ("confidential", "maybe", "invalid_value"),
        ("item", "nonsense", "unknown_item"),
        ("district", "nowhere", "unknown_unit"),
        ("street", "nowhere", "unknown_unit"),
    ],
)
def test_a_correction_to_something_impossible_is_refused(field: str, value: str, code: str) -> None:
    assert City().case().refuses("correct", field=field, value=value) == code


def test_a_corrected_item_takes_its_own_version_along() -> None:
    kit = City().case().triaged(item="pipe").do("correct", field="item", value="lamp")
    assert (kit.state.item, kit.state.item_version) == ("lamp", "2")


def test_confidential_is_corrected_to_a_truth_value() -> None:
    kit = City().case().do("correct", field="confidential", value="true")
    assert kit.state.confidential is True
    assert kit.bodies("corrected")[0]["old"] == "false"


def test_new_limits_use_the_corrected_type_and_running_ones_stay() -> None:
    kit = City().case().dispatched("water", co=["roads"])
    assert kit.state.clocks["a1/handle"].clock.limit.amount == 7
    kit.do("correct", field="case_type", value="consult")
    assert kit.state.clocks["a1/handle"].clock.limit.amount == 7
    kit.do("reassign", order="a1", unit="parks")
    assert kit.state.clocks["a3/handle"].clock.limit.amount == 3
