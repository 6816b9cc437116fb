"""Law 5 on the engine: a refusal reaches its caller with a code, writes one command row, and wedges nothing."""

import asyncio
import gc
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.service import RPCError, RPCStatusCode

from domain.messages import Message
from domain.process import SYSTEM, Actor, Envelope
from tests.factories.city import added, counts
from tests.factories.engine import Engine, LiveCase, Refused


async def test_a_refused_decision_reaches_the_caller_as_its_code_and_writes_one_command_row(
    either_engine: Engine,
) -> None:
    case = await (await either_engine.case()).dispatched()
    await case.settled()
    before = counts(either_engine.database)
    with pytest.raises(Refused) as refused:
        await case.give("sign", unit="roads", order="a1")
    assert refused.value.code == "not_permitted"
    assert refused.value.detail[0]["command"] == "sign"
    assert added(before, counts(either_engine.database)) == {"command": 1}


async def test_what_the_card_rules_out_is_refused_at_once_without_a_history_event(engine: Engine) -> None:
    case = await (await engine.case()).opened()
    await case.settled()
    before = counts(engine.database)
    length = len((await case.handle.fetch_history()).events)
    assert await case.refuses("record_callback", request=case.no, reached=False) == "not_in_this_stage"
    assert added(before, counts(engine.database)) == {}
    kinds = (await case.handle.fetch_history()).events[length:]
    assert not [e for e in kinds if e.HasField("workflow_execution_update_accepted_event_attributes")]


async def test_somebody_who_saw_more_than_the_workflow_knows_is_not_refused_by_courtesy(engine: Engine) -> None:
    case = await (await engine.case()).opened()
    await case.settled()
    code = await case.refuses("record_callback", request=case.no, reached=False, seen=1000)
    assert code == "not_in_this_stage"
    assert [c.outcome for c in case.commands(name="record_callback")] == ["refused"], "the journal said it"


async def test_refused_messages_and_stale_outcomes_never_wedge_the_process(engine: Engine) -> None:
    case = await (await engine.case()).opened()
    messages: list[tuple[str, dict[str, Any]]] = [
        ("confirm_merge", {"into": "nobody"}),
        ("attach_follower", {"case": 7}),
        ("no_such_command", {}),
        ("fail_effect", {"effect": "case/x/1/0", "kind": "k", "target": "t", "code": "c"}),
        ("ring", {"key": "screen/due", "n": 1}),
        ("tick", {}),
    ]
    for n, (name, body) in enumerate(messages):
        envelope = Envelope(
            id=f"m/{case.no}/{n}",
            process=case.process,
            name=name,
            body=body,
            actor=SYSTEM,
            received_at=await engine.now(),
        )
        await case.handle.signal("decide", Message(envelope=envelope))
    assert (await case.give("triage", triage="routine")).stage == "triaged"
    assert {c.outcome for c in case.commands() if c.id.startswith("m/")} == {"refused"}


async def test_a_signal_or_update_of_the_wrong_shape_is_turned_away_and_the_case_goes_on(engine: Engine) -> None:
    case = await (await engine.case()).opened()
    await case.handle.signal("decide", {"nonsense": 1})
    await case.handle.signal(
        "sync",
        "too",
    )
    await case.handle.signal("no_such_signal", 1)
    for argument in ({"id": "x"}, "text", None, {"id": "x", "actor": 3, "received_at": "never", "body": {}}):
        with pytest.raises(WorkflowUpdateFailedError):
            await case.handle.execute_update("triage", argument, id=f"bad/{case.no}/{argument!r:.20}")
    with pytest.raises(WorkflowUpdateFailedError):
        await case.handle.execute_update("no_such_update", 1)
    assert (await case.give("triage", triage="routine")).stage == "triaged"


async def test_a_decision_for_a_request_nobody_registered_is_refused_and_its_run_ends(engine: Engine) -> None:
    case = LiveCase(engine, "20260302-777777")
    engine.cases.append(case)
    assert await case.refuses("triage", triage="routine") == "unknown_process"
    assert await case.handle.result() == "new"


async def test_the_liaison_of_another_unit_may_not_even_by_update(engine: Engine) -> None:
    case = await (await engine.case()).dispatched()
    decision = await case.decision("submit_result", unit="water", order="a1", code="explained")
    stranger = decision.model_copy(update={"actor": Actor(user="x", role="unit_liaison", unit="parks")})
    with pytest.raises(Refused, match="not_permitted"):
        await case.send("submit_result", stranger)
    await case.settled()


async def test_a_server_that_says_not_now_leaves_no_error_behind_that_nobody_has_read(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: left.append(context))
    case = await (await engine.case()).opened()
    service = type(engine.client.workflow_service)
    really, refused = service.execute_multi_operation, list[int]()

    async def not_now(self: Any, *args: Any, **more: Any) -> Any:
        if refused:
            return await really(self, *args, **more)
        refused.append(1)
        raise RPCError("the run is just ending", RPCStatusCode.FAILED_PRECONDITION, b"")

    monkeypatch.setattr(service, "execute_multi_operation", not_now)
    assert (await case.give("triage", triage="routine")).stage == "triaged"
    gc.collect()
    await asyncio.sleep(0)
    assert (refused, left) == ([1], [])
