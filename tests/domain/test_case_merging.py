"""并单、拆单: two cases that speak to one another by messages."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.process import SYSTEM
from tests.domain.casekit import CaseKit, City


def pair() -> tuple[City, CaseKit, CaseKit]:
    city = City()
    return city, city.case("c1"), city.case("c2")


def merged() -> tuple[City, CaseKit, CaseKit]:
    city, main, other = pair()
    other.do("merge", into="c1")
    city.deliver()
    return city, main, other


def test_a_merge_hangs_the_request_on_the_leading_case_and_closes_its_own() -> None:
    _, main, other = merged()
    assert other.stage == "merged"
    assert (other.state.main_case, str(other.state.code)) == ("c1", "merged")
    assert list(main.state.callers) == ["c1", "c2"]
    assert other.told("caller:c2") == ["received", "merged"]


def test_until_the_leading_case_answers_nothing_else_is_decided() -> None:
    _, _, other = pair()
    other.do("merge", into="c1")
    assert other.refuses("triage", triage="routine") == "merge_pending"
    assert other.refuses("answer") == "merge_pending"
    assert other.refuses("caller_withdrew", request="c2") == "merge_pending"
    assert list(other.todos()) == ["merge"]


def test_nobody_designates_while_a_merge_is_pending() -> None:
    _, _, other = pair()
    other.triaged("disputed").do("merge", into="c1")
    assert other.refuses("designate", lead="water") == "merge_pending"


def test_a_closed_case_refuses_at_once() -> None:
    _, main, other = pair()
    main.do("answer")
    assert other.refuses("merge", into="c1") == "case_closed"


def test_a_case_that_closed_meanwhile_refuses_by_message_and_the_other_goes_on() -> None:
    city, main, other = pair()
    other.do("merge", into="c1")
    main.do("answer")
    city.deliver()
    assert other.stage == "screening"
    assert other.bodies("merge_refused") == [{"into": "c1", "code": "not_in_this_stage"}]
    other.triaged()


def test_of_two_cases_that_ask_each_other_one_leads() -> None:
    city, main, other = pair()
    other.do("merge", into="c1")
    main.do("merge", into="c2")
    city.deliver()
    assert (main.stage, other.stage) == ("merged", "screening")
    assert other.state.merging_into is None
    assert list(other.state.callers) == ["c2", "c1"]


def test_a_case_merges_neither_into_itself_nor_into_one_that_does_not_exist() -> None:
    _, main, _ = pair()
    assert main.refuses("merge", into="c1") == "unknown_case"
    assert main.refuses("merge", into="c9") == "unknown_case"


def test_a_case_that_leads_others_does_not_merge_and_has_no_end_of_screening() -> None:
    _, main, _ = merged()
    main.city.case("c3")
    assert main.refuses("merge", into="c3") == "leads_others"
    assert main.refuses("answer") == "leads_others"


def test_a_confirmation_nobody_asked_for_is_refused() -> None:
    _, main, _ = pair()
    assert main.refuses("confirm_merge", into="c2") == "no_merge_pending"
    assert main.refuses("refuse_merge", into="c2", code="x") == "no_merge_pending"


def test_the_same_request_is_taken_once() -> None:
    _, main, _ = merged()
    assert main.refuses("attach_follower", case="c2", request="c2") == "already_attached"


def test_a_merged_case_leaves_no_question_of_the_owner_behind() -> None:
    city, _, other = pair()
    other.triaged("disputed").do("merge", into="c1")
    city.deliver()
    assert not other.todos()
    assert not other.process.timers


def test_each_caller_has_an_own_reply_callback_and_rating() -> None:
    _, main, _ = merged()
    main.dispatched().accepted()
    assert main.told("caller:c1")[-1] == "replied"
    assert main.told("caller:c2") == ["replied"]
    assert {"callback/c1", "callback/c2"} <= set(main.todos())
    main.satisfied("c1")
    assert main.stage == "callback"
    main.satisfied("c2")
    assert main.stage == "closed"


def test_one_order_goes_to_the_unit_for_all_callers() -> None:
    _, main, _ = merged()
    main.dispatched()
    assert len(main.bodies("order_sent")) == 1


def test_who_comes_when_the_reply_is_there_gets_it_too() -> None:
    city, main, other = pair()
    main.in_callback()
    other.do("merge", into="c1")
    city.deliver()
    assert main.told("caller:c2") == ["replied"]
    assert main.todos()["callback/c2"].due is not None


def test_a_follower_is_split_off_and_screened_again() -> None:
    city, main, other = merged()
    main.do("split_off", request="c2")
    city.deliver()
    assert other.stage == "screening"
    assert other.state.main_case is None
    assert list(main.state.callers) == ["c1"]
    other.do("answer")


def test_only_a_follower_is_split_off_and_only_before_his_callback() -> None:
    _, main, _ = merged()
    assert main.refuses("split_off", request="c1") == "not_a_follower"
    main.dispatched().accepted().satisfied("c2")
    assert main.refuses("split_off", request="c2") == "already_called_back"


def test_become_own_is_refused_from_a_case_it_was_not_merged_into() -> None:
    _, _, other = merged()
    assert other.refuses("become_own", was="c7") == "not_merged_into"


def test_when_the_first_caller_withdraws_the_case_goes_on_for_the_follower() -> None:
    _, main, _ = merged()
    main.do("caller_withdrew", request="c1")
    assert main.stage == "screening"
    main.dispatched().accepted()
    assert "callback/c1" not in main.todos()
    main.satisfied("c2")
    assert (main.stage, str(main.state.code)) == ("closed", "solved")


def test_when_the_last_follower_is_split_off_a_withdrawn_case_closes() -> None:
    _, main, _ = merged()
    main.do("caller_withdrew", request="c1").do("split_off", request="c2")
    assert (main.stage, str(main.state.code)) == ("closed", "caller_withdrew")


@pytest.mark.parametrize("how", ["split_off", "release_follower"])
@pytest.mark.parametrize("stage", ["screening", "triaged", "dispatched", "in_progress", "reply_review", "callback"])
def test_wherever_a_withdrawn_case_stands_it_closes_when_its_last_follower_goes(stage: str, how: str) -> None:
    city, main, other = pair()
    other.do("merge", into="c1")
    _, attach = city.mail.pop(0)
    main.send(attach.body["command"], attach.body["body"], SYSTEM)
    if stage != "screening":
        main.triaged()
    if stage not in {"screening", "triaged"}:
        main.do("dispatch", lead="water")
    if stage in {"in_progress", "reply_review", "callback"}:
        main.do("sign", order="a1")
    if stage in {"reply_review", "callback"}:
        main.submitted()
    if stage == "callback":
        main.do("review_result", order="a1", accept=True)
    assert main.stage == stage
    main.do("caller_withdrew", request="c1")
    if how == "split_off":
        main.do("split_off", request="c2")
    else:
        other.do("withdraw_merge")
        city.deliver()
    assert (main.stage, str(main.state.code)) == ("closed", "caller_withdrew")
    assert not main.state.live


def test_what_is_handled_again_for_a_caller_who_withdraws_closes_with_its_review() -> None:
    _, main, _ = merged()
    main.dispatched().accepted().satisfied("c1").dissatisfied("c2")
    main.submitted("a2")
    main.do("caller_withdrew", request="c2")
    assert main.stage == "reply_review"
    main.do("review_result", order="a2", accept=True)
    assert main.stage == "closed", "the other caller was satisfied before: nobody is left to be called"


def test_a_case_whose_followers_have_withdrawn_can_be_answered() -> None:
    _, main, _ = merged()
    main.do("caller_withdrew", request="c2").do("answer")
    assert main.stage == "answered"
    assert main.told("caller:c2") == []


# ------------------------------------------------------------------------------------- a message that was waived, or its answer


def waived(city: City, kit: CaseKit) -> None:
    """The next message under way fails, and an operator waives it."""
    _, effect = city.mail.pop(0)
    fields = {"effect": effect.id, "kind": effect.kind, "target": effect.target, "code": "no_answer_yet"}
    assert kit.send("fail_effect", fields, SYSTEM).refusal is None
    kit.do("waive_effect", effect=effect.id)


def test_a_waived_wish_to_merge_leaves_the_case_a_way_on() -> None:
    city, main, other = pair()
    other.do("merge", into="c1")
    waived(city, other)
    todo = other.todos()["merge"]
    assert (todo.role, todo.commands[0]) == ("dispatcher", "withdraw_merge")
    other.do("withdraw_merge")
    city.deliver()
    assert list(main.state.callers) == ["c1"]
    other.triaged()
    main.triaged()


def test_a_waived_confirmation_leaves_both_cases_a_way_on() -> None:
    city, main, other = pair()
    other.do("merge", into="c1")
    sender, effect = city.mail.pop(0)
    assert sender == "c2"
    main.send(effect.body["command"], effect.body["body"], SYSTEM)
    waived(city, main)
    assert "withdraw_merge" in other.todos()["merge"].commands
    assert "screen" in main.todos()
    other.do("withdraw_merge")
    city.deliver()
    assert (other.stage, list(main.state.callers)) == ("screening", ["c1"])
    assert main.bodies("follower_released") == [{"case": "c2", "request": "c2", "code": "merge_withdrawn"}]
    assert "become_own" not in {e.body["command"] for e in main.effects if e.kind == "tell"}
    other.do("answer")
    main.do("answer")


def test_a_confirmation_that_comes_after_the_withdrawal_releases_the_request() -> None:
    city, main, other = pair()
    other.do("merge", into="c1")
    _, attach = city.mail.pop(0)
    main.send(attach.body["command"], attach.body["body"], SYSTEM)
    other.do("withdraw_merge")
    withdrawn = city.mail.pop()
    city.deliver()
    assert main.bodies("follower_released")[0]["code"] == "no_merge_pending"
    city.mail.append(withdrawn)
    city.deliver()
    assert list(main.state.callers) == ["c1"]


def test_without_a_wish_there_is_nothing_to_withdraw_and_a_merged_case_is_not_released() -> None:
    _, main, other = merged()
    assert other.refuses("withdraw_merge") == "not_in_this_stage"
    assert main.refuses("withdraw_merge") == "no_merge_pending"
    assert main.refuses("release_follower", into="c2", code="x") == "already_attached"
    assert main.refuses("release_follower", into="c9", code="x") == "not_a_follower"


def test_a_request_split_off_before_its_confirmation_arrives_does_not_merge_any_more() -> None:
    city, main, other = pair()
    other.do("merge", into="c1")
    _, attach = city.mail.pop(0)
    main.send(attach.body["command"], attach.body["body"], SYSTEM)
    main.do("split_off", request="c2")
    city.mail.reverse()
    city.deliver()
    assert (other.stage, other.state.merging_into) == ("screening", None)
    assert list(main.state.callers) == ["c1"]


@settings(max_examples=60, deadline=None)
@given(
    asked=st.lists(st.sampled_from(("merge", "merge", "withdraw_merge", "split_off", "", "", "", "")), max_size=14),
    dice=st.randoms(use_true_random=False),
    retried=st.booleans(),
)
def test_whatever_crosses_on_the_way_both_cases_agree_in_the_end_whether_they_are_merged(
    asked: list[str], dice: Random, retried: bool
) -> None:
    """Messages from one case to another arrive in order, but one that an operator had tried again later."""
    city, main, other = pair()
    later = 1 if retried else 0

    def deliver() -> None:
        nonlocal later
        pairs: dict[tuple[str, str], int] = {}
        for n, (sender, effect) in enumerate(city.mail):
            pairs.setdefault((sender, effect.target), n)
        mail = city.mail.pop(dice.choice(list(pairs.values())))
        if later and dice.random() < 0.3:
            later -= 1
            city.mail.append(mail)
            return
        rest, city.mail = city.mail, [mail]
        city.deliver()
        city.mail += rest

    for name in asked:
        match name:
            case "merge":
                other.give("merge", into="c1")
            case "withdraw_merge":
                other.give("withdraw_merge")
            case "split_off":
                main.give("split_off", request="c2")
            case _ if city.mail:
                deliver()
    while city.mail:
        deliver()
    assert other.state.merging_into is None
    assert ("c2" in main.state.callers) is (other.state.main_case == "c1")
