"""Who reads what of a case, walked through as a table."""

import pytest

from domain.casework.state import Case, Order
from domain.casework.words import OrderRole, OrderState
from domain.disclosure import CALLER_DATA, DISTRICT, SEATED, STAFF, UNIT_ROLES, Field, disclosure, visible_orders
from domain.process import Actor
from storage.policies import load_permissions
from tests.domain.clock_helpers import sh

AT = sh("2026-03-02 09:00")


def order(number: str, unit: str, role: OrderRole, state: OrderState = OrderState.signed, cycle: int = 1) -> Order:
    return Order(id=number, unit=unit, role=role, state=state, cycle=cycle, sent_at=AT, sent_by="dispatcher")


def case(*, confidential: bool = False, cycle: int = 1) -> Case:
    orders = [
        order("a1", "water", OrderRole.lead),
        order("a2", "roads", OrderRole.co),
        order("a3", "parks", OrderRole.informed),
        order("a4", "heat", OrderRole.co, OrderState.withdrawn),
    ]
    return Case(no="1", district="east", confidential=confidential, cycle=cycle, orders={o.id: o for o in orders})


def fields(role: str, unit: str | None = None, district: str | None = None, of: Case | None = None) -> frozenset[Field]:
    return disclosure(of or case(), Actor(user="x", role=role, unit=unit, district=district))


def test_every_role_of_the_table_is_decided_on() -> None:
    without_cases = {"system", "discipline_liaison", "specialist", "consultation_member", "task_force_lead"}
    without_cases |= {"community", "grid_worker"}
    assert set(load_permissions().roles) == STAFF.keys() | DISTRICT.keys() | UNIT_ROLES | without_cases


@pytest.mark.parametrize("role", sorted(SEATED))
def test_who_sits_for_a_district_reads_what_is_of_that_district(role: str) -> None:
    assert Field.texts_all in fields(role)
    assert Field.texts_all in fields(role, district="east")
    assert fields(role, district="west") == frozenset()
    assert not fields(role) & CALLER_DATA


@pytest.mark.parametrize("role", sorted(UNIT_ROLES))
def test_a_unit_without_an_order_sees_nothing(role: str) -> None:
    for unit in ("reported", "housing", None):
        assert fields(role, unit) == frozenset()


def test_a_unit_that_works_an_order_reads_the_request_and_whom_to_call_but_no_address() -> None:
    for unit in ("water", "roads"):
        assert fields("unit_liaison", unit) & CALLER_DATA == {Field.caller_name, Field.caller_phone}
        assert Field.request_text in fields("unit_liaison", unit)
    assert fields("unit_head", "water") & CALLER_DATA == frozenset()


def test_an_informed_unit_reads_the_request_only() -> None:
    assert Field.request_text in fields("unit_liaison", "parks")
    assert fields("unit_liaison", "parks") & CALLER_DATA == frozenset()


def test_an_ended_order_leaves_its_unit_the_codes_of_its_own_work() -> None:
    for found in (fields("unit_liaison", "heat"), fields("unit_liaison", "water", of=case(cycle=2))):
        assert found == {Field.header, Field.orders_own, Field.texts_own}


def test_a_confidential_caller_is_known_only_to_those_who_speak_with_him() -> None:
    secret = case(confidential=True)
    known = {role for role in STAFF if fields(role, of=secret) & CALLER_DATA}
    assert known == {"agent", "callback_officer"}
    assert fields("unit_liaison", "water", of=secret) & CALLER_DATA == frozenset()
    marked = disclosure(case(), Actor(user="x", role="unit_liaison", unit="water"), confidential=True)
    assert marked & CALLER_DATA == frozenset()


def test_a_district_centre_reads_the_cases_of_its_district() -> None:
    assert Field.texts_all in fields("district_centre", district="east")
    assert fields("district_centre", district="west") == frozenset()
    assert fields("district_centre") == frozenset()


def test_a_unit_sees_its_own_order_and_the_leads() -> None:
    def seen(role: str, unit: str | None) -> frozenset[str]:
        viewer = Actor(user="x", role=role, unit=unit)
        return visible_orders(case(), viewer, disclosure(case(), viewer))

    assert seen("unit_liaison", "roads") == {"a1", "a2"}
    assert seen("unit_liaison", "water") == {"a1"}
    assert seen("dispatcher", None) == {"a1", "a2", "a3", "a4"}
    assert seen("unit_liaison", "housing") == frozenset()
