"""Who reads what of a process beside the case, walked through as a table; and what of it verifies offline, for every kind."""

from typing import Any

import pytest

from domain.disclosing import PARTY_ROLES, SOME_KINDS, WORKED_AT, disclosing, reads_all, reads_district
from domain.disclosure import CALLER_DATA, DISTRICT, SEATED, STAFF, Field
from domain.export import Export, verify
from domain.process import Actor
from storage.policies import load_permissions
from tests.api.kit import Api, problem
from tests.api.test_proceedings_matrix import KINDS, begun

ALL = set(load_permissions().roles)


def read(
    role: str, kind: str = "ring", *, unit: str | None = None, district: str | None = None, **more: Any
) -> set[str]:
    about: dict[str, Any] = {"district": "east", "parties": {"water"}, "former": {"water", "roads"}} | more
    actor = Actor(user="x", role=role, unit=unit, district=district)
    return set(disclosing(actor, kind, **about))


def test_every_role_of_the_table_is_decided_on() -> None:
    assert STAFF.keys() | DISTRICT.keys() | PARTY_ROLES | SOME_KINDS.keys() | {"system"} == ALL


@pytest.mark.parametrize("role", sorted(ALL))
def test_nobody_reads_a_callers_data_by_way_of_it(role: str) -> None:
    for unit in (None, "water", "roads"):
        for district in (None, "east", "west"):
            assert not read(role, unit=unit, district=district, by="x") & set(CALLER_DATA)


@pytest.mark.parametrize("role", sorted(PARTY_ROLES))
def test_a_party_reads_it_a_former_one_knows_of_it_and_others_do_not(role: str) -> None:
    assert read(role, unit="water") == {Field.header, Field.texts_all, Field.documents, Field.request_text}
    assert read(role, unit="water", is_open=False) == {Field.header, Field.texts_all, Field.documents}
    assert read(role, unit="roads") == {Field.header}
    assert read(role, unit="parks") == read(role) == set()


def test_whoever_began_it_reads_it_as_a_party() -> None:
    assert Field.texts_all in read("task_force_lead", unit="parks", by="x")
    assert read("task_force_lead", unit="parks", by="y") == set()


@pytest.mark.parametrize("role", sorted(SEATED))
def test_who_sits_for_a_district_reads_what_is_of_that_district(role: str) -> None:
    assert Field.texts_all in read(role)
    assert Field.texts_all in read(role, district="east")
    assert read(role, district="west") == set()
    assert reads_all(role, None)
    assert not reads_all(role, "east")
    assert reads_district(role)


@pytest.mark.parametrize("role", sorted(SOME_KINDS))
def test_some_read_the_kinds_they_work_at_only(role: str) -> None:
    assert {kind for kind in KINDS if Field.texts_all in read(role, kind)} == SOME_KINDS[role]
    for kind in set(KINDS) - SOME_KINDS[role]:
        assert read(role, kind) <= {Field.header}, kind


@pytest.mark.parametrize("role", sorted(WORKED_AT))
def test_keepers_and_operators_read_the_words_of_batches_only(role: str) -> None:
    assert {kind for kind in KINDS if Field.texts_all in read(role, kind)} == WORKED_AT[role] == {"batch"}


def test_operators_and_auditors_read_codes_and_keepers_no_more_than_that_there_is_one() -> None:
    for role in ("operator", "auditor"):
        assert read(role) == {Field.header, Field.orders_all, Field.export}
    assert read("catalogue_keeper", "ring") == {Field.header}
    assert Field.texts_all in read("catalogue_keeper", "adjudication")
    assert read("district_centre", district="east") > {Field.texts_all}
    assert read("district_centre", district="west") == read("district_centre") == set()


@pytest.mark.parametrize("kind", KINDS)
async def test_an_export_of_every_kind_verifies_and_holds_no_word(light_api: Api, kind: str) -> None:
    """Clocks by the steps of a pack and by days and instants that somebody named."""
    process = await begun(light_api, kind)
    answer = await light_api.get("supervisor", f"/proceedings/{process}/export")
    assert answer.status_code == 200, answer.text
    export = Export.model_validate(answer.json())
    assert verify(export) == []
    problem(await light_api.get("dispatcher", f"/proceedings/{process}/export"), 403, "forbidden")
    shown = (await light_api.get("dispatcher", f"/proceedings/{process}")).json()
    assert {c["key"] for c in shown["clocks"]} == export.clocks.keys()
    ledger = (await light_api.get("dispatcher", f"/proceedings/{process}/ledger")).json()
    assert {c["key"] for c in ledger["clocks"]} == export.clocks.keys()
    if kind not in SOME_KINDS["catalogue_keeper"]:
        keeper = (await light_api.get("catalogue_keeper", f"/proceedings/{process}")).json()
        assert (keeper["facts"], keeper["items"], keeper["clocks"], keeper["todos"]) == ({}, [], [], [])
        assert (await light_api.get("catalogue_keeper", f"/proceedings/{process}/ledger")).json()["clocks"] == []
        assert (await light_api.get("catalogue_keeper", f"/proceedings/{process}/events")).json()["items"] == []
