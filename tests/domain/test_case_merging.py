"""并单、拆单: two cases that speak to one another by messages."""

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


def test_a_case_whose_followers_have_withdrawn_can_be_answered() -> None:
    _, main, _ = merged()
    main.do("caller_withdrew", request="c2").do("answer")
    assert main.stage == "answered"
    assert main.told("caller:c2") == []
