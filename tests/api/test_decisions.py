"""The one door for decisions: once, in order, with every refusal told and nothing half written."""

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field, ValidationError

from api.cases.timeline import leaves
from api.decisions.schemas import Asked, _asked, asked, example, openings
from api.engine import Refused
from domain.deciders import DECIDERS
from domain.model import Strict
from domain.process import Code, Command, TextRef
from storage.journal import park
from storage.models import CommandRow
from tests.api.kit import Api, problem
from tests.factories.city import rows


async def test_the_same_key_repeats_the_answer_and_not_the_deed(api: Api) -> None:
    no = await api.take()
    first = await api.give("agent", no, "triage", idempotency="k", triage="routine")
    before = api.counts()
    again = await api.give("agent", no, "triage", idempotency="k", triage="routine")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert api.grown(before) == {}
    problem(await api.give("agent", no, "triage", idempotency="k", triage="hard"), 422, "idempotency_key_reused")
    other = await api.give("agent", no, "correct", idempotency="k", field="case_type", value="help", reason="改")
    problem(other, 422, "idempotency_key_reused")
    assert api.grown(before) == {}


async def test_one_key_used_by_two_people_is_two_decisions(api: Api) -> None:
    no = await api.take()
    await api.do("agent", no, "triage", idempotency="k", triage="routine")
    await api.do("dispatcher", no, "triage", idempotency="k", triage="urgent")
    assert len(rows(api.database, CommandRow, name="triage")) == 2


async def test_a_key_sent_many_times_at_once_takes_effect_once(api: Api) -> None:
    no = await api.take()
    answers = await asyncio.gather(
        *(api.give("agent", no, "triage", idempotency="k", triage="routine") for _ in range(5))
    )
    assert {a.status_code for a in answers} <= {200, 503}
    assert len({a.json()["seq"] for a in answers if a.status_code == 200}) == 1
    assert len(rows(api.database, CommandRow, name="triage")) == 1


async def test_a_refused_decision_stays_refused_under_its_key(api: Api) -> None:
    no = await api.dispatched()
    await api.do("liaison.water", no, "sign", order="a1")
    await api.do(
        "liaison.water", no, "request_extension", order="a1", days=1, ground="other", reason="等料", caller_told=True
    )
    before = api.counts()
    refusal = await api.give(
        "liaison.water",
        no,
        "request_extension",
        idempotency="k",
        order="a1",
        days=1,
        ground="other",
        reason="等料",
        caller_told=True,
    )
    assert "a1" in problem(refusal, 409, "extension_open")["detail"]
    assert api.grown(before) == {"command": 1}
    again = await api.give(
        "liaison.water",
        no,
        "request_extension",
        idempotency="k",
        order="a1",
        days=1,
        ground="other",
        reason="等料",
        caller_told=True,
    )
    problem(again, 409, "extension_open")
    assert api.grown(before) == {"command": 1}


async def test_a_stage_that_rules_a_decision_out_costs_an_audit_row_only(api: Api) -> None:
    no = await api.take()
    api.token("dispatcher")
    before = api.counts()
    told = problem(await api.give("dispatcher", no, "dispatch", lead="water"), 409, "not_in_this_stage")
    assert told["detail"] == "当前阶段（研判中）不能执行“派单”。"
    assert api.grown(before) == {"audit": 1}


async def test_an_engine_that_is_silent_means_202_and_the_row_is_the_outbox(api: Api) -> None:
    no = await api.take()
    api.engine.mood = "silent"
    response = await api.give("agent", no, "triage", idempotency="k", triage="routine", reason="据实")
    assert response.status_code == 202
    url = response.json()["status_url"]
    assert response.headers["location"] == url
    assert response.headers["retry-after"]
    stored = rows(api.database, CommandRow, name="triage")[0]
    assert (stored.outcome, stored.texts) == ("received", {"reason": "据实"})
    assert stored.body["reason"] == f"{stored.id}#reason"
    status = await api.http.get(url, headers=api.headers("agent"))
    assert status.json()["outcome"] == "received"
    problem(await api.http.get(url, headers=api.headers("dispatcher")), 404, "not_found")
    api.engine.mood = "working"
    again = await api.give("agent", no, "triage", idempotency="k", triage="routine", reason="据实")
    assert again.status_code == 200
    done = (await api.http.get(url, headers=api.headers("agent"))).json()
    assert (done["outcome"], done["receipt"]["stage"]) == ("recorded", "triaged")
    assert rows(api.database, CommandRow, name="triage")[0].received_at == stored.received_at


async def test_a_late_answer_is_found_in_the_journal(api: Api) -> None:
    no = await api.take()
    api.engine.mood = "late"
    assert (await api.do("agent", no, "triage", triage="routine"))["stage"] == "triaged"


async def test_a_refusal_the_journal_never_saw_is_noted_so_that_the_relay_leaves_it(api: Api) -> None:
    no = await api.take()
    api.engine.refusing = Refused("parked", {"why": "heads_differ"})
    problem(await api.give("agent", no, "triage", triage="routine"), 409, "parked")
    row = rows(api.database, CommandRow, name="triage")[0]
    assert (row.outcome, row.code) == ("refused", "parked")


async def test_a_request_whose_case_has_not_begun_can_be_decided_on(api: Api) -> None:
    api.engine.mood = "silent"
    no = await api.take()
    api.engine.mood = "working"
    assert (await api.do("agent", no, "triage", triage="routine"))["stage"] == "triaged"


async def test_a_document_must_have_been_handed_in_for_this_case(api: Api) -> None:
    no, other = await api.dispatched(), await api.dispatched(content="另一处路灯也不亮")
    photo = await api.photo(other)
    for document in (photo, "doc-none"):
        wrong = await api.give(
            "liaison.water", no, "submit_result", order="a1", code="solved", reply="好", documents=[document]
        )
        assert problem(wrong, 422, "invalid_input")["errors"][0]["place"] == "/documents/0"


async def test_a_role_can_be_named_and_must_be_held(api: Api) -> None:
    no = await api.dispatched()
    problem(
        await api.give(
            "agent", no, "correct", headers={"X-Role": "shift_leader"}, field="case_type", value="help", reason="改"
        ),
        403,
        "role_not_held",
    )
    done = await api.give(
        "second_reviewer",
        no,
        "correct",
        headers={"X-Role": "shift_leader"},
        field="case_type",
        value="help",
        reason="改",
    )
    assert done.status_code == 200
    assert rows(api.database, CommandRow, name="correct")[0].role == "shift_leader"


async def test_the_seq_the_person_saw_is_taken_and_checked(api: Api) -> None:
    no = await api.take()
    seen = (await api.get("agent", f"/cases/{no}")).headers["etag"]
    assert (await api.give("agent", no, "triage", headers={"If-Match": seen}, triage="routine")).status_code == 200
    wrong = await api.give("agent", no, "triage", headers={"If-Match": '"x"'}, triage="routine")
    assert problem(wrong, 422, "invalid_input")["errors"][0]["place"] == "header/if-match"


async def test_unknown_processes_and_commands_are_404(api: Api) -> None:
    problem(await api.give("agent", "20200101-000001", "triage", triage="routine"), 404, "unknown_process")
    no = await api.take()
    for command in ("open", "attach_follower", "fail_effect", "ring", "nonsense"):
        problem(await api.give("agent", no, command), 404, "unknown_command")
    problem(await api.post("agent", "/processes/lantern/1/decisions/sign", {}), 404, "unknown_process")


async def test_a_parked_process_takes_no_decision_until_an_operator_restarts_it(api: Api) -> None:
    no = await api.take()
    with api.database.write() as connection:
        park(connection, f"case/{no}", "heads_differ", datetime.now(UTC))
    problem(await api.give("agent", no, "triage", triage="routine"), 409, "parked")
    assert (await api.get("operator", "/incidents")).json()["items"][0]["kind"] == "parked"
    problem(await api.post("agent", f"/processes/case/{no}/restart"), 403, "forbidden")
    assert (await api.post("operator", f"/processes/case/{no}/restart")).status_code == 200
    assert api.engine.restarted == [f"case/{no}"]
    assert (await api.give("agent", no, "triage", triage="routine")).status_code == 200


async def test_a_database_that_is_away_is_503_with_retry_after(light_api: Api) -> None:
    api = light_api
    no = await api.take()
    api.token("agent")
    with api.database.write():  # somebody else holds the lock
        told = await api.give("agent", no, "triage", triage="routine")
    problem(told, 503, "storage_unavailable")
    assert told.headers["retry-after"]
    assert (await api.give("agent", no, "triage", triage="routine")).status_code == 200


COMMANDS = sorted((kind, name) for kind in DECIDERS for name in {**openings(kind), **asked(kind)})


def of_kind(kind: str, command: str) -> Asked:
    return {**openings(kind), **asked(kind)}[command]


def test_every_command_of_people_has_a_door_and_no_machine_command_has() -> None:
    for kind, decider in DECIDERS.items():
        machine = {name for name, move in decider.moves.items() if move.machine} | {"fail_effect"}
        doors = {**openings(kind), **asked(kind)}
        assert doors.keys() >= decider.commands.keys() - machine
        assert not machine & doors.keys()


@pytest.mark.parametrize(("kind", "command"), COMMANDS)
def test_the_documented_example_of_a_command_is_well_formed(kind: str, command: str) -> None:
    of = of_kind(kind, command)
    of.body.model_validate_json(json.dumps(example(of)), strict=True)
    said, words = of.referring(example(of), "d/x")
    of.command.model_validate_json(json.dumps(said))
    assert set(words) == {place for place, value in leaves(said) if value == f"d/x#{place}"}


def test_no_word_of_a_text_reaches_the_engine() -> None:
    for kind, command in COMMANDS:
        of = of_kind(kind, command)
        said = worded(of, example(of))
        sent, words = of.referring(said, "d/x")
        assert SECRET_WORD not in json.dumps(sent, ensure_ascii=False), command
        assert SECRET_WORD in words.values() or not words


SECRET_WORD = "这句话不该出去"


def worded(of: Asked, said: Any) -> Any:
    """The same body with one and the same word in every place where there are words, however deep."""
    _, words = of.referring(said, "d/x")

    def filled(value: Any, at: str) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner, f"{at}.{name}" if at else name) for name, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner, f"{at}.{n}") for n, inner in enumerate(value)]
        return SECRET_WORD if at in words else value

    return filled(said, "")


class Deep(Strict):
    what: TextRef
    due: date


class Row(Strict):
    unit: Code
    what: TextRef | None = None
    steps: tuple[Deep, ...] = ()


class Nested(Command):
    NAME: ClassVar[str] = "nested"
    rows: Annotated[tuple[Row, ...], Field(min_length=1)]
    notes: tuple[TextRef, ...] = ()
    one: Deep | None = None


def test_words_within_rows_are_referred_to_by_their_place_and_unknown_fields_are_refused_there_too() -> None:
    of = _asked("case", "nested", Nested)
    deep = {"what": "c", "due": "2027-01-01"}
    said = {"rows": [{"unit": "u"}, {"unit": "v", "what": "a", "steps": [deep]}], "notes": ["x", "y"], "one": deep}
    body = of.body.model_validate_json(json.dumps(said), strict=True).model_dump(mode="json")
    sent, words = of.referring(body, "d/1")
    assert words == {"rows.1.what": "a", "rows.1.steps.0.what": "c", "notes.0": "x", "notes.1": "y", "one.what": "c"}
    assert sent["rows"][1]["steps"][0] == {"what": "d/1#rows.1.steps.0.what", "due": "2027-01-01"}
    assert sent["rows"][0]["what"] is None
    Nested.model_validate_json(json.dumps(sent))
    too_long = {"rows": [{"unit": "u", "what": "长" * 4001}]}
    for wrong in ({**said, "rows": [{"unit": "u", "who": "x"}]}, {**said, "rows": []}, too_long):
        with pytest.raises(ValidationError):
            of.body.model_validate_json(json.dumps(wrong), strict=True)
