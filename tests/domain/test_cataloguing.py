"""目录更新: what was agreed or ruled becomes the catalogue's word: by whom, when, as which version, and when it does not."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.cataloguing import next_version
from domain.process import SYSTEM, ItemFact
from tests.domain import casekit
from tests.domain import test_adjudication as adjudicating
from tests.domain import test_consultation as consulting
from tests.domain.townkit import Town

A, C = adjudicating.A, consulting.C


@pytest.fixture(autouse=True)
def lamp(monkeypatch: pytest.MonkeyPatch) -> None:
    """The item that the matters fall under."""
    monkeypatch.setitem(casekit.ITEMS, "lamp", ItemFact(code="lamp", version="2", owner="parks"))


def ruled() -> tuple[Town, str]:
    """A ruling that holds: water leads, roads helps."""
    t = adjudicating.ruling()
    adjudicating.issue(t, form="joint", lead="water", co=["roads"])
    t.deliver()
    assert t.closed(A)
    return t, A


def agreed() -> tuple[Town, str]:
    """A consultation that agreed: water leads, roads helps; called by ``agent-1``."""
    t = consulting.town(by="agent-1")
    for unit, opinion in (("water", "mine"), ("roads", "joint"), ("parks", "not_mine")):
        consulting.say(t, unit, opinion)
    t.deliver()
    assert t.closed(C)
    return t, C


def amend(t: Town, process: str, user: str = "keeper", role: str = "catalogue_keeper", **more: Any) -> str | None:
    body = {"item": "i1", "catalogue_item": "lamp", "version": "2", **more}
    return t.refusal(process, "amend_catalogue", role=role, user_=user, **body)


BOTH = pytest.mark.parametrize("made", [ruled, agreed])


@BOTH
def test_what_holds_becomes_the_next_version_of_the_item(made: Callable[[], tuple[Town, str]]) -> None:
    t, process = made()
    assert amend(t, process) is None
    assert t.types(process)[-1] == "catalogue_amended"
    (change,) = t.told(process, "catalogue")
    assert change.body == {
        "code": "lamp", "was": "2", "version": "2+1", "owner": "water", "co": ["roads"],
        "process": process, "item": "i1", "by": "keeper",
    }  # fmt: skip
    told = [e.target for e in t.told(process, "notice") if e.body["what"] == "catalogue_amended"]
    assert told == ["unit:water", "unit:roads", "role:dispatcher"]
    assert t.closed(process)


@BOTH
def test_the_city_centre_may_too_without_naming_the_version(made: Callable[[], tuple[Town, str]]) -> None:
    t, process = made()
    assert amend(t, process, user="somebody", role="city_centre", version=None) is None


@pytest.mark.parametrize(
    ("user", "why"), [("member-1", "drew it up"), ("member-2", "confirmed it"), ("system", "asked")]
)
def test_nobody_turns_his_own_ruling_into_the_catalogue(user: str, why: str) -> None:
    t, process = ruled()
    assert amend(t, process, user=user, role="city_centre") == "four_eyes", why


def test_nor_his_own_consultation() -> None:
    t, process = agreed()
    assert amend(t, process, user="agent-1") == "four_eyes"


def test_nor_what_he_concluded_after_a_meeting() -> None:
    t = consulting.undecided()
    t.give(C, "conclude_item", item="i1", lead="water", co=["roads"], attending=[], user_="chair")
    t.deliver()
    assert amend(t, C, user="chair", role="city_centre") == "four_eyes"
    assert amend(t, C) is None


@pytest.mark.parametrize("unit", ["water", "roads", "parks"])
def test_nobody_whose_unit_it_is_about(unit: str) -> None:
    t, process = ruled()
    assert amend(t, process, unit_=unit) == "recusal"


def test_nobody_else() -> None:
    t, process = ruled()
    for role in ("dispatcher", "adjudication_group", "unit_liaison", "agent"):
        assert amend(t, process, role=role) == "not_permitted"


def test_not_before_it_holds_nor_what_was_overtaken() -> None:
    t = adjudicating.ruling()
    assert amend(t, A) == "item_not_in_this_state"
    adjudicating.issue(t)
    assert amend(t, A) == "item_not_in_this_state"
    assert amend(t, A, item="i9") == "no_such_item"
    t.send(A, "overtake_item", {"item": "i1", "code": "case_over"}, SYSTEM)
    assert amend(t, A) == "item_not_in_this_state"


def test_not_about_another_item_nor_one_that_does_not_exist() -> None:
    t, process = ruled()
    assert amend(t, process, catalogue_item="pipe", version="7") == "not_about_catalogue_item"
    assert amend(t, process, catalogue_item="nothing") == "not_about_catalogue_item"


def test_not_over_a_version_that_was_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    t, process = ruled()
    assert amend(t, process, version="1") == "catalogue_moved"
    monkeypatch.setitem(casekit.ITEMS, "lamp", ItemFact(code="lamp", version="2+4", owner="water", co=("roads",)))
    assert amend(t, process) == "catalogue_moved"
    assert amend(t, process, version="2+4") == "catalogue_unchanged"
    monkeypatch.delitem(casekit.ITEMS, "lamp")
    assert amend(t, process) == "catalogue_item_unknown"


def test_a_ruling_whose_term_has_passed_is_no_rule_for_the_next_case() -> None:
    t = adjudicating.ruling()
    adjudicating.issue(t, term=5)
    t.deliver()
    t.until(t.now + timedelta(days=6))
    assert amend(t, A) is None
    t = adjudicating.ruling()
    adjudicating.issue(t, term=5)
    t.deliver()
    t.until(t.now + timedelta(days=9))
    assert amend(t, A) == "ruling_expired"


def test_what_a_consultation_agreed_is_a_precedent() -> None:
    t, _ = agreed()
    (row,) = t.decider(C).columns(t.state(C))["ruling_row"]
    assert (row["kind"], row["catalogue_item"], row["lead"], row["co"]) == ("consultation", "lamp", "water", ["roads"])
    assert row["ruled_at"] is not None


@pytest.mark.parametrize(
    ("was", "after"), [("7", "7+1"), ("7+1", "7+2"), ("a+b", "a+b+1"), ("x" * 40, "x" * 38 + "+1")]
)
def test_versions_are_counted(was: str, after: str) -> None:
    assert next_version(was) == after
