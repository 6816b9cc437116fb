"""办理: sign, contact, work, submit, review; urgent orders."""

import pytest

from tests.domain.casekit import City
from tests.domain.clock_helpers import sh


def test_an_order_is_signed_by_the_system_after_four_working_hours() -> None:
    kit = City().case().dispatched()
    assert kit.timer("a1/sign/due") == sh("2026-03-02 15:00")
    kit.at("2026-03-02 15:00").tick()
    assert (kit.state_of("a1"), kit.state.orders["a1"].auto_signed) == ("signed", True)


def test_an_urgent_order_is_signed_by_the_system_after_thirty_minutes() -> None:
    kit = City().case().dispatched(triage="urgent")
    assert kit.timer("a1/sign/due") == sh("2026-03-02 09:30")


def test_signing_by_the_system_is_no_response() -> None:
    kit = City().case().dispatched(triage="urgent").go(minutes=31).tick()
    assert kit.state.orders["a1"].auto_signed
    assert kit.state.clocks["a1/respond"].overdue_at == sh("2026-03-02 09:30")
    assert kit.state.running("a1/respond") is not None


def test_the_todo_of_an_urgent_order_is_due_with_the_next_of_all_its_clocks() -> None:
    kit = City().case().dispatched(triage="urgent")
    for command, clock in (("sign", "respond"), ("contact", "feedback"), ("report_progress", "handle")):
        kit.do(command, order="a1")
        assert kit.todos()["a1/unit"].rule == kit.state.clocks[f"a1/{clock}"].clock.rule
        assert kit.todos()["a1/unit"].due == kit.due(f"a1/{clock}")


def test_signing_stops_no_clock_but_its_own() -> None:
    kit = City().case().dispatched()
    due = kit.due("a1/handle")
    kit.do("sign", order="a1")
    assert kit.due("a1/handle") == due
    assert kit.state.running("a1/sign") is None
    assert kit.refuses("sign", order="a1") == "not_in_this_state"


def test_only_the_orders_own_unit_acts_on_it() -> None:
    kit = City().case().dispatched()
    actor = kit.actor("sign", {"order": "a1"}).model_copy(update={"unit": "roads"})
    assert kit.send("sign", {"order": "a1"}, actor).refusal == "not_permitted"


def test_a_contact_is_the_response_of_an_urgent_order_and_signs_it() -> None:
    kit = City().case().dispatched(triage="urgent").go(minutes=10).do("contact", order="a1", how="arrival")
    assert kit.state.clocks["a1/respond"].met is True
    assert "order_signed" in kit.new()
    assert kit.state_of("a1") == "contacted"


def test_the_first_report_is_the_feedback_of_an_urgent_order() -> None:
    kit = City().case().dispatched(triage="urgent").do("contact", order="a1").go(hours=1)
    assert kit.due("a1/feedback") == sh("2026-03-02 11:00")
    kit.do("report_progress", order="a1")
    assert kit.state.clocks["a1/feedback"].met is True


def test_an_urgent_order_asks_for_a_phone_call_at_once_which_is_not_the_units_response() -> None:
    kit = City().case().dispatched(triage="urgent")
    assert kit.todos()["a1/phone"].commands == ("confirm_by_phone",)
    kit.do("confirm_by_phone", order="a1")
    assert "a1/phone" not in kit.todos()
    assert kit.state.running("a1/respond") is not None
    assert kit.refuses("confirm_by_phone", order="a1") == "already_phoned"


def test_an_urgent_result_handed_in_at_once_is_feedback_but_no_contact() -> None:
    kit = City().case().dispatched(triage="urgent").go(minutes=20).submitted()
    assert kit.state.clocks["a1/respond"].met is None
    assert kit.state.clocks["a1/feedback"].met is True
    assert "a1/phone" not in kit.todos()


def test_effects_of_an_urgent_order_are_urgent() -> None:
    kit = City().case().dispatched(triage="urgent")
    assert [e.urgent for e in kit.effects if e.kind == "order_message"] == [True]


@pytest.mark.parametrize("code", ["solved", "partly"])
def test_a_solved_result_needs_a_document(code: str) -> None:
    kit = City().case().dispatched()
    assert kit.refuses("submit_result", order="a1", code=code) == "proof_missing"


def test_a_helpers_result_needs_no_document() -> None:
    City().case().dispatched("water", co=["roads"]).do("submit_result", order="a2", code="solved")


def test_the_units_clock_stands_still_while_its_result_is_reviewed_and_runs_on_when_sent_back() -> None:
    kit = City().case().dispatched()
    kit.at("2026-03-04 10:00").submitted()
    assert kit.state.clocks["a1/handle"].clock.due is None
    kit.at("2026-03-06 10:00").do("review_result", order="a1", accept=False, reason="r#r")
    # Two working days ended while it was reviewed.
    assert kit.due("a1/handle") == sh("2026-03-14")
    assert kit.state_of("a1") == "working"
    assert kit.state.orders["a1"].sent_back == 1
    assert kit.told("water")[-1] == "sent_back"


def test_sending_back_needs_a_reason() -> None:
    assert City().case().dispatched().submitted().refuses("review_result", order="a1", accept=False) == "reason_needed"


def test_who_submitted_does_not_review() -> None:
    kit = City().case().dispatched().do("submit_result", order="a1", code="explained", user="u1")
    assert kit.refuses("review_result", order="a1", accept=True, user="u1") == "four_eyes"


def test_an_accepted_lead_result_stops_both_clocks_and_is_the_answer_to_the_caller() -> None:
    kit = City().case().in_callback()
    assert kit.state.clocks["a1/handle"].met is True
    assert kit.state.clocks["overall/1"].met is True
    assert kit.told("caller:c1") == ["received", "replied"]


def test_a_late_result_has_missed_its_clock() -> None:
    kit = City().case().dispatched().at("2026-03-13 10:00").tick().accepted()
    assert kit.state.clocks["a1/handle"].met is False


def test_a_reviewer_who_takes_long_is_overdue_himself() -> None:
    kit = City().case().dispatched().submitted().at("2026-03-20 10:00").tick()
    assert kit.state.clocks["a1/review"].overdue_at == sh("2026-03-04")
    assert kit.state.clocks["a1/handle"].overdue_at is None


def test_callback_waits_for_the_results_of_all_helpers_or_for_doing_without() -> None:
    kit = City().case().dispatched("water", co=["roads", "parks"]).accepted("a1")
    assert kit.stage == "reply_review"
    kit.accepted("a2", "explained")
    assert kit.stage == "reply_review"
    assert kit.refuses("waive_result", order="a1") == "not_in_this_state"
    kit.do("waive_result", order="a3")
    assert kit.stage == "callback"


def test_callback_comes_when_the_last_order_that_was_waited_for_is_taken_back() -> None:
    kit = City().case().dispatched("water", co=["roads"]).accepted("a1")
    assert kit.stage == "reply_review"
    kit.do("withdraw_order", order="a2")
    assert kit.stage == "callback"


def test_the_leads_result_is_never_waived() -> None:
    assert City().case().dispatched().refuses("waive_result", order="a1") == "lead_stays"


def test_the_lateness_of_a_helper_is_his_own() -> None:
    kit = City().case().dispatched("water", co=["roads"]).at("2026-03-11 00:00").tick()
    assert kit.state.clocks["a2/handle"].overdue_at is not None
    assert kit.state.clocks["a1/handle"].overdue_at is None
