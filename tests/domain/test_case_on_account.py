"""挂账 and 销号: plan, day, two approvers; the limits stand still; somebody looks again; proof and a second person end it."""

from typing import Any

import pytest

from domain.case import DECIDER
from domain.process import Actor
from tests.domain.casekit import CaseKit, City, replays

DAY = "2026-04-01"
ASKED: dict[str, Any] = {"order": "a1", "ground": "engineering", "review_on": DAY}


def at_work(**more: Any) -> CaseKit:
    return City().case(district="east").dispatched(**more).do("sign", order="a1")


def asked(kit: CaseKit | None = None, **more: Any) -> CaseKit:
    return (kit or at_work()).do("request_on_account", user="u1", **(ASKED | more))


def granted(kit: CaseKit | None = None, **more: Any) -> CaseKit:
    kit = asked(kit, **more)
    kit.do("review_on_account", order="a1", approve=True)
    return kit.do("review_on_account", role="city_centre", order="a1", approve=True)


def struck(kit: CaseKit) -> CaseKit:
    kit.do("request_strike_off", user="u1", order="a1", documents=["doc-1"])
    return kit.do("review_strike_off", order="a1", approve=True)


def test_two_persons_put_a_case_on_account_and_its_limits_stand_still() -> None:
    kit = at_work(co=["roads"])
    due = kit.due("a1/handle")
    asked(kit)
    assert kit.todos()["a1/account"].role == "order_reviewer"
    kit.do("review_on_account", order="a1", approve=True)
    assert kit.bodies("on_account_decided") == [], "one person is not enough"
    assert kit.todos()["a1/account"].role == "city_centre"
    assert kit.due("a1/handle") == due, "the limit runs on while others consider"
    kit.go(days=1).do("review_on_account", role="city_centre", order="a1", approve=True)
    assert kit.state.on_account
    assert kit.stage == "in_progress", "it stays open"
    for key in ("a1/handle", "a2/handle", "overall/1"):
        running = kit.state.running(key)
        assert running is not None
        assert running.clock.due is None, key
    assert "on_account_granted" in kit.told("water")
    assert kit.told("caller:c1")[-1] == "on_account_granted"
    assert DECIDER.columns(kit.state)["case_row"][0]["on_account"]


def test_what_stood_still_runs_on_with_its_remainder_and_is_answered_as_usual() -> None:
    plain, kit = at_work(), granted()
    kit.at("2026-03-20 09:00")
    struck(kit)
    # 2 March plus 7 working days; it stood still from 2 to 20 March: as many working-day ends as lay in between.
    assert kit.due("a1/handle").isoformat() == "2026-03-31T16:00:00+00:00"
    assert plain.due("a1/handle").isoformat() == "2026-03-11T16:00:00+00:00"
    assert kit.due("overall/1") == kit.due("a1/handle")
    assert kit.told("water")[-2:] == ["on_account_ended", "due_changed"]
    kit.accepted().satisfied()
    assert kit.stage == "closed"
    replays(kit)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"review_on": "2026-03-02"}, "date_not_ahead"),
        ({"review_on": "2026-06-01"}, "account_too_long"),
        ({"order": "a2"}, "lead_only"),
    ],
)
def test_a_request_needs_the_lead_and_a_day_within_reach(more: dict[str, Any], code: str) -> None:
    kit = at_work(co=["roads"]).do("sign", order="a2")
    assert kit.refuses("request_on_account", **(ASKED | more)) == code


def test_the_last_day_within_reach_is_taken() -> None:
    assert asked(review_on="2026-05-31").state.account is not None


def test_who_asked_or_approved_is_none_of_the_two() -> None:
    kit = asked()
    assert kit.refuses("review_on_account", user="u1", order="a1", approve=True) == "four_eyes"
    assert kit.refuses("review_on_account", role="city_centre", order="a1", approve=True) == "not_your_turn"
    kit.do("review_on_account", user="u2", order="a1", approve=True)
    assert kit.refuses("review_on_account", role="city_centre", user="u2", order="a1", approve=True) == "four_eyes"
    assert kit.refuses("review_on_account", role="city_centre", user="u1", order="a1", approve=True) == "four_eyes"


@pytest.mark.parametrize("approved_first", [True, False])
def test_either_approver_may_deny(approved_first: bool) -> None:
    kit = asked()
    if approved_first:
        kit.do("review_on_account", order="a1", approve=True)
    kit.do("review_on_account", role="city_centre" if approved_first else None, order="a1", approve=False)
    assert kit.state.account is None
    assert kit.told("water")[-1] == "on_account_denied"
    assert "a1/account" not in kit.todos()
    assert kit.refuses("review_on_account", order="a1", approve=True) == "no_account_open"
    asked(kit)


def test_an_approver_who_is_silent_gets_the_one_above_beside_him() -> None:
    kit = asked().go(days=3).tick()
    assert kit.todos()["a1/account"].role == "shift_leader"
    kit.do("review_on_account", role="shift_leader", order="a1", approve=True).go(days=3).tick()
    assert kit.todos()["a1/account"].role == "city_office"
    kit.do("review_on_account", role="city_office", order="a1", approve=True)
    assert kit.state.on_account


def test_there_is_one_request_and_one_account_at_a_time() -> None:
    assert asked().refuses("request_on_account", **ASKED) == "account_open"
    assert granted().refuses("request_on_account", **ASKED) == "on_account"


def test_the_limit_that_passed_while_others_considered_is_not_charged() -> None:
    kit = at_work()
    kit.at("2026-03-11 10:00")
    asked(kit).do("review_on_account", order="a1", approve=True)
    kit.at("2026-03-12 10:00")
    got = kit.give("review_on_account", role="city_centre", order="a1", approve=True, received="2026-03-11 23:00")
    assert got.refusal is None
    running = kit.state.running("a1/handle")
    assert running is not None
    assert running.overdue_at is None


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("submit_result", {"code": "explained"}),
        ("request_return", {"ground": "not_our_duty", "proposed_owner": "roads"}),
        ("request_extension", {"days": 1, "ground": "season", "caller_told": True}),
        ("request_pause", {"kind": "weather"}),
    ],
)
def test_on_account_a_unit_does_not_hand_in_return_or_ask_for_time(command: str, more: dict[str, Any]) -> None:
    kit = granted()
    assert kit.refuses(command, order="a1", **more) == "on_account"
    assert command not in kit.todos()["a1/unit"].commands


def test_a_helper_may_hand_in_meanwhile_and_what_is_sent_back_stands_still() -> None:
    kit = granted(at_work(co=["roads"]))
    kit.do("submit_result", order="a2", code="solved").do("review_result", order="a2", accept=False, reason="r#x")
    running = kit.state.running("a2/handle")
    assert running is not None
    assert running.clock.due is None
    struck(kit)
    assert kit.due("a2/handle") > kit.city.now


def test_an_order_added_meanwhile_stands_still_too() -> None:
    kit = granted()
    dispatcher = Actor(user="d1", role="dispatcher")
    assert kit.send("add_assignment", {"unit": "roads", "role": "co", "reason": "r#x"}, dispatcher).refusal is None
    running = kit.state.running("a2/handle")
    assert running is not None
    assert running.clock.due is None


def test_a_pause_that_was_granted_meanwhile_outlasts_the_account() -> None:
    kit = at_work().do("request_pause", order="a1", kind="court")
    granted(kit).do("review_pause", order="a1", approve=True)
    struck(kit)
    running = kit.state.running("a1/handle")
    assert running is not None
    assert running.clock.due is None, "it is still paused"
    kit.do("resume", order="a1")
    assert kit.due("a1/handle") > kit.city.now
    assert kit.due("overall/1") > kit.city.now


def test_a_pause_that_ends_on_account_lets_nothing_run() -> None:
    kit = at_work(co=["roads"]).do("sign", order="a2").do("request_pause", order="a2", kind="court")
    kit.do("review_pause", order="a2", approve=True)
    granted(kit).do("resume", order="a2")
    running = kit.state.running("a2/handle")
    assert running is not None
    assert running.clock.due is None


# ------------------------------------------------------------------------------------------------------------- the day


def test_who_looks_again_has_it_on_his_desk_a_working_day_ahead() -> None:
    todo = granted().todos()["a1/recheck"]
    assert (todo.role, todo.commands) == ("order_reviewer", ("recheck_on_account",))
    assert todo.due is not None
    assert todo.due.isoformat() == "2026-04-01T16:00:00+00:00"
    assert todo.since < todo.due


def test_a_day_that_went_by_is_overdue_and_the_supervisors() -> None:
    kit = granted().at("2026-04-02 09:00").tick()
    assert "overdue_reached" in kit.new()
    assert kit.todos()["a1/recheck"].role == "supervisor"
    assert kit.told("role:supervisor")[-1] == "overdue"
    assert kit.state.on_account, "silence ends nothing"
    kit.do("recheck_on_account", role="supervisor", order="a1", keep=False)
    assert not kit.state.on_account


def test_who_looked_again_before_the_day_was_over_did_so_in_time() -> None:
    kit = granted().at("2026-04-02 09:00").tick()
    got = kit.give("recheck_on_account", order="a1", keep=True, review_on="2026-04-20", received="2026-04-01 23:00")
    assert got.refusal is None
    assert "overdue_annulled" in kit.new()


def test_kept_until_another_day_it_is_asked_about_again() -> None:
    kit = granted().at("2026-04-01 10:00")
    kit.do("recheck_on_account", order="a1", keep=True, review_on="2026-04-30")
    assert kit.due("a1/account_date").isoformat() == "2026-04-30T16:00:00+00:00"
    assert kit.told("water")[-1] == "on_account_kept"
    kit.at("2026-05-06 09:00").tick()
    assert kit.todos()["a1/recheck"].role == "supervisor"


def test_it_is_kept_only_so_often() -> None:
    kit = granted()
    times = kit.city.pack.account.times.value
    for _ in range(times):
        kit.do("recheck_on_account", order="a1", keep=True, review_on="2026-04-30")
    again: dict[str, Any] = {"order": "a1", "keep": True, "review_on": "2026-04-30"}
    assert kit.refuses("recheck_on_account", **again) == "account_used_up"
    kit.do("recheck_on_account", order="a1", keep=False)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"keep": True}, "date_needed"),
        ({"keep": True, "review_on": "2026-03-02"}, "date_not_ahead"),
        ({"keep": True, "review_on": "2026-06-01"}, "account_too_long"),
        ({"keep": False, "review_on": DAY}, "date_not_wanted"),
        ({"keep": False, "user": "u1"}, "four_eyes"),
    ],
)
def test_looking_again_has_its_rules(body: dict[str, Any], code: str) -> None:
    assert granted().refuses("recheck_on_account", order="a1", **body) == code


def test_ended_at_a_review_it_is_not_struck_off_and_the_limits_run_on() -> None:
    kit = granted().do("recheck_on_account", order="a1", keep=False)
    assert kit.bodies("on_account_ended")[0]["how"] == "ended"
    assert kit.due("a1/handle") > kit.city.now
    assert kit.refuses("recheck_on_account", order="a1", keep=False) == "not_on_account"
    assert kit.refuses("request_strike_off", order="a1", documents=["d"]) == "not_on_account"


# ----------------------------------------------------------------------------------------------------------- 销号 struck off


def test_striking_off_takes_proof_and_a_second_person() -> None:
    kit = granted()
    assert kit.refuses("request_strike_off", order="a1") == "proof_needed"
    assert kit.refuses("review_strike_off", order="a1", approve=True) == "no_strike_off_open"
    kit.do("request_strike_off", order="a1", user="u3", documents=["doc-1"])
    assert kit.refuses("request_strike_off", order="a1", documents=["doc-1"]) == "strike_off_open"
    for user in ("u1", "u3"):
        assert kit.refuses("review_strike_off", user=user, order="a1", approve=True) == "four_eyes"
    kit.go(days=3).tick()
    assert kit.todos()["a1/strike"].role == "shift_leader"
    kit.do("review_strike_off", role="shift_leader", order="a1", approve=True)
    assert kit.bodies("on_account_ended")[0]["how"] == "struck_off"


def test_denied_it_stays_on_account_until_struck_off() -> None:
    kit = granted().do("request_strike_off", order="a1", user="u1", documents=["doc-1"])
    kit.do("review_strike_off", order="a1", approve=False)
    assert kit.state.on_account
    assert kit.told("water")[-1] == "strike_off_denied"
    struck(kit)


# ---------------------------------------------------------------------------------------------------- overtaken by others


def test_it_ends_with_the_order_of_the_unit_that_has_it() -> None:
    kit = granted().do("reassign", order="a1", unit="roads")
    assert kit.bodies("on_account_ended")[0]["how"] == "overtaken"
    assert not [k for k in kit.todos() if k.startswith("a1/")]
    assert kit.due("a2/handle") > kit.city.now
    assert kit.due("overall/1") > kit.city.now


def test_what_was_asked_for_ends_with_the_order_too() -> None:
    kit = asked().do("reassign", order="a1", unit="roads")
    assert kit.bodies("on_account_decided")[0]["outcome"] == "overtaken"
    assert kit.refuses("review_on_account", order="a1", approve=True) == "not_in_this_state"
    kit = asked().submitted()
    assert kit.state.account is None


def test_the_last_caller_takes_his_request_back() -> None:
    kit = granted().do("caller_withdrew", request="c1")
    assert kit.stage == "closed"
    assert kit.state.accounts[0].how == "overtaken"


def test_a_case_on_account_that_turns_urgent_runs_on_by_its_new_class() -> None:
    kit = granted().do("triage", triage="urgent")
    struck(kit)
    running = kit.state.running("a1/handle")
    assert running is not None
    assert "urgent" in running.clock.rule


# --------------------------------------------------------------------------------------------------------------- figures


def test_every_time_on_account_is_a_row_with_its_beginning_and_end() -> None:
    kit = granted()
    row = DECIDER.columns(kit.state)["on_account_row"][0]
    assert (row["unit"], row["district"], row["until"]) == ("water", "east", None)
    assert row["review_at"] == kit.due("a1/account_date")
    kit.go(days=2)
    struck(kit)
    asked(kit)
    rows = DECIDER.columns(kit.state)["on_account_row"]
    assert [(r["n"], r["how"], r["review_at"]) for r in rows] == [(1, "struck_off", None)], "a request is no account"
    granted_again = kit.do("review_on_account", order="a1", approve=True)
    granted_again.do("review_on_account", role="city_centre", order="a1", approve=True)
    assert [r["n"] for r in DECIDER.columns(kit.state)["on_account_row"]] == [1, 2]
