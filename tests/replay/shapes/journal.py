"""What the journal says beside a plain yes: refusals, incidents, a parked process, an outage, what came by other ways."""

import asyncio
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, insert, select
from temporalio.common import WorkflowIDConflictPolicy

from activities.signatures import CASES
from activities.tell import signal_process
from domain.messages import Message, ProcessStart
from domain.process import SYSTEM, Envelope
from storage import journal as sql
from storage.models import Base, IncidentRow
from tests.factories.city import rows
from tests.factories.engine import LiveCase, Refused, envelope_of, until
from tests.replay.shapes.registry import Stage, shape

FALLBACK = "ACTIVITY_TASK_SCHEDULED"
LOCKED_S = 14.0


@shape(holds="triaged", shows="WORKFLOW_EXECUTION_UPDATE_COMPLETED")
async def refused(stage: Stage) -> None:
    """Refusals by the journal, by courtesy and by the shape of a message; none of them wedges the case."""
    case = await (await stage.case()).dispatched()
    assert await case.refuses("sign", unit="roads", order="a1") == "not_permitted"
    assert await case.refuses("record_callback", request=case.no, reached=False, seen=1000) == "not_in_this_stage"
    assert await case.refuses("record_callback", request=case.no, reached=False) == "not_in_this_stage"
    assert await case.refuses("dispatch", lead="nobody", seen=1000) == "not_in_this_stage"
    await case.handle.signal("decide", {"nonsense": 1})
    await case.handle.signal("no_such_signal", 1)
    await message(case, "no_such_command")
    await message(case, "fail_effect", effect="case/x/1/0", kind="k", target="t", code="c")
    await case.give("sign", unit="water", order="a1")
    await case.settled()


async def message(case: LiveCase, name: str, **body: Any) -> None:
    """A command from a machine."""
    at = await case.engine.now()
    envelope = Envelope(
        id=f"m/{case.no}/{name}", process=case.process, name=name, body=body, actor=SYSTEM, received_at=at
    )
    await signal_process(case.engine.client, case.process, "decide", Message(envelope=envelope))
    await until(lambda: case.commands(id=envelope.id))


@shape(holds="triaged order_sent", shows="WORKFLOW_EXECUTION_SIGNALED")
async def decisions_brought_by_the_relay(stage: Stage) -> None:
    """Decisions that come by signal, one of them by update too; each takes effect once."""
    case = await stage.case()
    decisions: list[tuple[str, dict[str, Any]]] = [("triage", {"triage": "routine"}), ("dispatch", {"lead": "water"})]
    for name, body in decisions:
        decision = await case.decision(name, **body)
        carried = Message(envelope=envelope_of(name, decision, case.process))
        await case.handle.signal("decide", carried)
        await case.send(name, decision)
        await case.handle.signal("decide", carried)
    await case.handle.signal("sync")
    await case.settled()
    assert case.types().count("order_sent") == 1


@shape(holds="order_sent")
async def three_dispatch_at_one_moment(stage: Stage) -> None:
    """Three people decide at one moment; the journal puts them in order, one takes effect."""
    case = await stage.case()
    await case.give("triage", triage="routine")
    units = ("water", "roads", "parks")
    results = await asyncio.gather(*(case.give("dispatch", lead=u) for u in units), return_exceptions=True)
    assert sum(isinstance(r, Refused) for r in results) == len(units) - 1
    await case.settled()


@shape(shows="WORKFLOW_EXECUTION_COMPLETED")
async def nobody_registered_it(stage: Stage) -> None:
    """A decision on a request that does not exist: refused, and the run ends."""
    case = LiveCase(stage.engine, "20260302-777777")
    stage.cases.append(case)
    assert await case.refuses("triage", triage="routine") == "unknown_process"
    await case.handle.result()


@shape(holds="screening_ended", shows="WORKFLOW_EXECUTION_SIGNALED WORKFLOW_EXECUTION_COMPLETED")
async def a_late_message_to_a_case_that_is_over(stage: Stage) -> None:
    """A machine's word after the end starts a run that refuses it and ends."""
    case = await stage.case()
    await case.give("answer")
    await case.handle.result()
    await case.keep()
    await message(case, "confirm_merge", into="x")
    await case.handle.result()


# ----------------------------------------------------------------------------------------------------------- incidents


async def rejected(stage: Stage) -> tuple[LiveCase, str]:
    """A case whose unit's system rejects the order, and the effect that is an incident of it."""
    case = await stage.case()
    stage.departments.rejected.add(case.no)
    await case.dispatched()
    return case, (await until(lambda: incidents(case)))[0].effect


def incidents(case: LiveCase) -> list[Any]:
    """The open incidents of a case."""
    return [i for i in rows(case.engine.database, IncidentRow, process=case.process) if i.status == "open"]


@shape(holds="effect_failed effect_retried", shows="ACTIVITY_TASK_FAILED")
async def incident_retried(stage: Stage) -> None:
    """An order the system rejects becomes an incident; tried again it fails again, then it is taken."""
    case, effect = await rejected(stage)
    await case.give("retry_effect", effect=effect)
    await until(lambda: case.types().count("effect_failed") == 2)
    stage.departments.rejected.discard(case.no)
    await case.give("retry_effect", effect=effect)
    await case.settled()


@shape(holds="effect_failed effect_redirected", shows="ACTIVITY_TASK_FAILED")
async def incident_done_by_hand(stage: Stage) -> None:
    """An operator has the order given another way; the case goes on."""
    case, effect = await rejected(stage)
    await case.give("redirect_effect", effect=effect, channel="manual")
    await case.give("sign", unit="water", order="a1")
    await case.settled()


@shape(holds="effect_failed effect_waived closed archived", shows="ACTIVITY_TASK_FAILED TIMER_FIRED")
async def incident_waived_after_the_archive(stage: Stage) -> None:
    """A case that is over owes something: it looks again ever more rarely until an operator lets it go."""
    case = await stage.case(pack="demo")
    stage.departments.rejected.add(case.no)
    await case.dispatched()
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await until(lambda: "archived" in case.types(), seconds=180)
    # Twice its first wait: the timer by which it looks again has rung.
    await asyncio.sleep(12)
    for incident in incidents(case):
        await case.give("waive_effect", effect=incident.effect)
    await case.handle.result()


# ------------------------------------------------------------------------------------------------- outage and disagreement


@shape(holds="triaged order_sent", shows=FALLBACK, alone=True)
async def database_away(stage: Stage) -> None:
    """The database does not answer while two decisions come: they wait in an activity and are done once."""
    cases = [await stage.case() for _ in range(2)]
    with stage.engine.database.engine.connect() as holder:
        holder.exec_driver_sql("BEGIN EXCLUSIVE")
        waiting = [asyncio.create_task(case.give("triage", triage="routine")) for case in cases]
        await asyncio.sleep(LOCKED_S)
        holder.rollback()
    await asyncio.gather(*waiting)
    for case in cases:
        await case.give("dispatch", lead="water")
        await case.settled()


OF = {"process": "id", "case_row": "no", "order_row": "case_no"}
"""Tables whose rows are a process's by another column than ``process``."""


def of_case(case: LiveCase) -> dict[Table, list[Any]]:
    """All rows of one case, for :func:`restore`."""
    tables = [t for t in Base.metadata.sorted_tables if t.name in OF or "process" in t.c]
    with case.engine.database.read() as connection:
        return {t: [dict(r) for r in connection.execute(select(t).where(_its(t, case))).mappings()] for t in tables}


def restore(case: LiveCase, backup: dict[Table, list[Any]]) -> None:
    """Put the rows of one case back as they were, as a restored backup would."""
    with case.engine.database.write() as connection:
        for t in reversed(list(backup)):
            connection.execute(delete(t).where(_its(t, case)))
        for t, kept in backup.items():
            if kept:
                connection.execute(insert(t), kept)


def _its(t: Table, case: LiveCase) -> ColumnElement[bool]:
    if t.name in OF:
        return t.c[OF[t.name]] == (case.process if t.name == "process" else case.no)
    return t.c.process == case.process


@shape(holds="triaged")
async def parked_and_begun_again(stage: Stage) -> None:
    """The journal was restored to an older state: the case parks, an operator starts it again from the journal."""
    case = await stage.case()
    await case.settled()
    backup = of_case(case)
    await case.give("triage", triage="routine")
    await case.settled()
    restore(case, backup)
    assert await case.refuses("dispatch", lead="water") == "workflow_ahead"
    assert await case.refuses("dispatch", lead="water") == "parked"
    await case.keep()
    with stage.engine.database.write() as connection:
        sql.unpark(connection, case.process, "operator", await stage.engine.now())
    await stage.engine.client.start_workflow(
        "CaseWorkflow",
        ProcessStart(process=case.process),
        id=case.process,
        task_queue=CASES,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
    )
    await case.give("triage", triage="routine")
    await case.settled()
