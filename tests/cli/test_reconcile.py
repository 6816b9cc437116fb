"""Each kind of difference between journal and engine is named; nothing changes without --apply; with it, what is safe is done."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update
from temporalio import workflow
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from activities.journal import Journal
from activities.signatures import CASES, CommitRequest
from api.engine import TemporalEngine
from cli import reconcile as module
from cli import servers
from cli.differences import ACTS, Act
from cli.reconcile import Asked, Report, plain, reconcile, run, show, tell
from domain.kernel import GENESIS
from domain.messages import ProcessStart
from storage.journal import park
from storage.models import CommandRow, EffectRow, EventRow, ProcessRow, table
from storage.texts import LANGUAGES, known, text
from tests.factories.city import counts, rows, take_request
from tests.factories.engine import Engine, LiveCase, envelope_of, seen, until

AGO = timedelta(hours=1)


@dataclass
class Desk:
    """Somebody who reconciles the installation of one test. Other tests share the server: only our processes count."""

    engine: Engine
    address: str

    async def look(self, *, deep: bool = False, apply: bool = False) -> Report:
        asked = Asked(self.engine.database.url, self.address, older_s=0.0, deep=deep, apply=apply)
        return await reconcile(asked)

    async def kinds(self, process: str, *, deep: bool = False) -> set[str]:
        """What is said of a process."""
        report = await self.look(deep=deep)
        return {d.kind for d in report.compared.differences if d.process == process}

    async def says(self, process: str, kind: str, *, deep: bool = False) -> None:
        """Wait until visibility has caught up and the difference is named; looking must have changed nothing."""
        before = await self.state(process)
        await until(lambda: self._says(process, kind, deep))
        assert await self.state(process) == before

    async def _says(self, process: str, kind: str, deep: bool) -> bool:
        return kind in await self.kinds(process, deep=deep)

    async def applied(self, process: str, *, deep: bool = False) -> dict[str, str]:
        """Apply; return what was done about each kind of difference of a process."""
        report = await self.look(deep=deep, apply=True)
        differences = zip(report.compared.differences, report.done, strict=True)
        return {d.kind: done for d, done in differences if d.process == process}

    async def state(self, process: str) -> Any:
        """All that looking must not change: rows by table, and the run."""
        try:
            described = await self.engine.client.get_workflow_handle(process).describe()
            run = (described.run_id, described.status, described.history_length)
        except Exception as error:  # noqa: BLE001 - no run is a state too
            run = (type(error).__name__, None, 0)
        return counts(self.engine.database), run


@pytest.fixture
def desk(engine: Engine, temporal_server: servers.TemporalServer) -> Desk:
    return Desk(engine, temporal_server.address)


def change(engine: Engine, model: Any, where: Callable[[Any], Any], **values: Any) -> None:
    target = table(model)
    with engine.database.write() as connection:
        connection.execute(update(target).where(where(target.c)).values(**values))


async def commit_behind_its_back(engine: Engine, case: LiveCase, name: str, **body: Any) -> None:
    """A decision that reaches the journal and not the workflow, as when worker and server die in between."""
    envelope = envelope_of(name, await case.decision(name, **body), case.process)
    request = CommitRequest(process=case.process, seq=0, head=GENESIS, now=await engine.now(), envelope=envelope)
    result = await asyncio.to_thread(Journal(engine.database).commit, request)
    assert result.outcome == "recorded", result.code


async def running(case: LiveCase) -> bool:
    return await case.status() is WorkflowExecutionStatus.RUNNING


async def adopt(engine: Engine, process: str, **start: Any) -> LiveCase:
    """Start a workflow that no journal knows; no worker runs."""
    case = LiveCase(engine, process.partition("/")[2])
    engine.cases.append(case)
    await engine.client.start_workflow(
        "CaseWorkflow", ProcessStart(process=process, **start), id=process, task_queue=CASES
    )
    return case


async def test_an_installation_in_order_has_no_difference(desk: Desk) -> None:
    case = await (await desk.engine.case()).dispatched()
    await case.settled()
    over = await (await desk.engine.case()).opened()
    await over.give("answer")
    await over.settled()
    for each in (case, over):
        assert await desk.kinds(each.process, deep=True) == set()


async def test_a_case_whose_workflow_is_gone_is_started(desk: Desk) -> None:
    case = await quiet(desk)
    await case.handle.terminate("a fault")
    await desk.says(case.process, "not_running")
    assert await case.status() is WorkflowExecutionStatus.TERMINATED
    assert await desk.applied(case.process) == {"not_running": "sync"}
    assert await running(case)
    await until(lambda: desk_knows(desk, case))
    assert await desk.kinds(case.process, deep=True) == set()


async def test_a_workflow_that_knows_less_than_the_journal_is_told(desk: Desk) -> None:
    case = await quiet(desk)
    await desk.engine.team.stop()
    await commit_behind_its_back(desk.engine, case, "triage", triage="routine")
    await desk.says(case.process, "journal_ahead")
    assert (await desk.applied(case.process))["journal_ahead"] == "sync"
    await desk.engine.team.start()
    await until(lambda: desk_knows(desk, case))


async def quiet(desk: Desk) -> LiveCase:
    """An open case at which nothing moves: the engine has heard of all that the worker has done."""
    case = await (await desk.engine.case()).opened()
    await until(lambda: desk_knows(desk, case))
    return case


async def desk_knows(desk: Desk, case: LiveCase) -> bool:
    """Whether the engine knows all that the journal knows, by the port that the operator's page uses."""
    standing = await TemporalEngine(desk.address, "default", 5.0).standing(case.process)
    return standing is not None and (standing.seq, standing.head) == (case.row().seq, case.row().head)


async def test_a_workflow_of_a_case_that_is_over_ends_by_itself_when_told(desk: Desk) -> None:
    case = await over(desk)
    await desk.engine.team.stop()
    await case.start()
    await desk.says(case.process, "running_though_over")
    assert await running(case)
    await desk.engine.team.start()
    assert await desk.applied(case.process) in ({"running_though_over": "ended"}, {})  # it may have ended before
    await until(lambda: ended(case))


async def test_one_that_does_not_end_is_terminated(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "END_PATIENCE_S", 0.5)
    case = await over(desk)
    await desk.engine.team.stop()
    await case.start()
    await desk.says(case.process, "running_though_over")
    assert await desk.applied(case.process) == {"running_though_over": "terminated"}
    assert await case.status() is WorkflowExecutionStatus.TERMINATED


async def over(desk: Desk) -> LiveCase:
    case = await quiet(desk)
    await case.give("answer")
    await case.settled()
    await until(lambda: ended(case))
    return case


async def ended(case: LiveCase) -> bool:
    return not await running(case)


async def test_a_journal_older_than_the_workflow_is_left_to_a_person(desk: Desk) -> None:
    case = await (await desk.engine.case()).dispatched()
    await case.settled()
    await until(lambda: desk_knows(desk, case))
    change(desk.engine, ProcessRow, lambda c: c.id == case.process, seq=case.row().seq - 1)
    await desk.says(case.process, "workflow_ahead", deep=True)
    before = await desk.state(case.process)
    assert await desk.applied(case.process, deep=True) == {"workflow_ahead": "nothing"}
    assert await desk.state(case.process) == before


async def test_histories_that_forked_are_left_to_a_person(desk: Desk) -> None:
    case = await (await desk.engine.case()).dispatched()
    await case.settled()
    await until(lambda: desk_knows(desk, case))
    seq = case.row().seq
    change(desk.engine, EventRow, lambda c: (c.process == case.process) & (c.seq == seq), head="f" * 64)
    await desk.says(case.process, "heads_differ", deep=True)
    assert await desk.applied(case.process, deep=True) == {"heads_differ": "nothing"}


async def test_a_parked_process_is_left_to_a_person(desk: Desk) -> None:
    case = await quiet(desk)
    with desk.engine.database.write() as connection:
        park(connection, case.process, "heads_differ", datetime.now(UTC) - AGO)
    await desk.says(case.process, "parked")
    assert await desk.applied(case.process, deep=True) == {"parked": "nothing"}
    assert case.row().parked == "heads_differ"


async def test_a_timer_that_is_late_is_rung_by_telling(desk: Desk) -> None:
    case = await quiet(desk)
    change(desk.engine, ProcessRow, lambda c: c.id == case.process, next_timer_at=datetime.now(UTC) - AGO)
    await desk.says(case.process, "timer_late")
    assert (await desk.applied(case.process))["timer_late"] == "sync"
    signals = seen(await case.handle.fetch_history(), "WORKFLOW_EXECUTION_SIGNALED")
    assert [s.workflow_execution_signaled_event_attributes.signal_name for s in signals] == ["sync"]


async def test_an_effect_owed_too_long_is_brought(desk: Desk) -> None:
    case = await (await desk.engine.case()).dispatched()
    await case.settled()
    await until(lambda: desk_knows(desk, case))
    await desk.engine.team.stop()
    orders = rows(desk.engine.database, EffectRow, process=case.process, kind="order_message")
    planned = {"status": "planned", "planned_at": datetime.now(UTC) - AGO, "done_at": None}
    change(desk.engine, EffectRow, lambda c: c.id == orders[0].id, **planned)
    await desk.says(case.process, "effect_owed")
    assert (await desk.applied(case.process))["effect_owed"] == "sync"
    await desk.engine.team.start()
    await case.settled()


async def test_a_decision_that_waits_in_the_outbox_is_delivered_under_its_own_id(desk: Desk) -> None:
    case = await quiet(desk)
    envelope = envelope_of("triage", await case.decision("triage", triage="routine"), case.process)
    row = {"id": envelope.id, "process": case.process, "name": "triage", "user": envelope.actor.user, "texts": {}}
    row |= {"role": envelope.actor.role, "body": envelope.body, "outcome": "received", "detail": {}}
    with desk.engine.database.write() as connection:
        connection.execute(insert(table(CommandRow)).values(**row, received_at=datetime.now(UTC) - AGO))
    await desk.says(case.process, "undelivered")
    assert (await desk.applied(case.process))["undelivered"] == "deliver"
    await until(lambda: case.commands(id=envelope.id)[0].outcome == "recorded")


async def test_a_request_whose_case_has_not_begun_is_started(desk: Desk) -> None:
    no = take_request(desk.engine.database, datetime.now(UTC) - AGO)
    case = LiveCase(desk.engine, no)
    desk.engine.cases.append(case)
    await desk.says(case.process, "unopened")
    assert await desk.applied(case.process) == {"unopened": "sync"}
    await case.opened()


async def test_a_workflow_that_knows_nothing_and_that_nobody_knows_is_terminated(desk: Desk) -> None:
    await desk.engine.team.stop()
    case = await adopt(desk.engine, "case/20990101-000001")
    await desk.says(case.process, "empty_workflow")
    assert await desk.applied(case.process) == {"empty_workflow": "terminated"}
    assert await case.status() is WorkflowExecutionStatus.TERMINATED


async def test_a_workflow_with_a_past_that_the_journal_lost_is_left_to_a_person(desk: Desk) -> None:
    await desk.engine.team.stop()
    case = await adopt(desk.engine, "case/20990101-000002", seq=5, head="a" * 64)
    await desk.says(case.process, "unknown_workflow")
    assert await desk.applied(case.process) == {"unknown_workflow": "nothing"}
    assert await running(case)


@workflow.defn(name="CaseWorkflow")
class Broken:
    """A case whose code is broken."""

    @workflow.run
    async def run(self, _start: Any) -> None:
        raise RuntimeError("broken")


@pytest.fixture
async def impatient(temporal_program: Path, tmp_path: Path) -> AsyncIterator[servers.TemporalServer]:
    """A server that notes a failing workflow task after two failures instead of five."""
    noting = {"system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute": 2}
    with servers.TemporalServer.start(tmp_path / "temporal.db", dynamic_config=noting) as server:
        yield server


async def test_a_workflow_whose_tasks_fail_is_named_and_left_to_a_person(
    sqlite_url: str, impatient: servers.TemporalServer
) -> None:
    client = await Client.connect(impatient.address)
    async with Worker(client, task_queue=CASES, workflows=[Broken], workflow_runner=UnsandboxedWorkflowRunner()):
        await client.start_workflow("CaseWorkflow", {"process": "case/1"}, id="case/1", task_queue=CASES)
        engine = TemporalEngine(impatient.address, "default", 5.0)
        (failing,) = await until(lambda: engine.failing(10))
    assert (failing.process, failing.cause) == ("case/1", "WorkflowWorkerUnhandledFailure")
    report = await reconcile(Asked(sqlite_url, impatient.address, older_s=0.0, apply=True))
    done = dict(zip([d.kind for d in report.compared.differences], report.done, strict=True))
    assert done["tasks_failing"] == "nothing"


def test_every_kind_of_difference_has_words_and_an_act() -> None:
    for kind, act in ACTS.items():
        for key in (f"trouble.{kind}", f"trouble.{kind}.means", f"reconcile.act.would.{act.value}"):
            assert known(key), key
            assert len({text(key, lang) for lang in LANGUAGES}) == len(LANGUAGES), key
    assert {a.value for a in Act} - {"end", "terminate"} <= {k for k in Act if known(f"reconcile.act.{k}")}


async def test_the_report_is_printed_in_both_languages_and_as_json(desk: Desk, capsys: Any) -> None:
    from rich.console import Console  # noqa: PLC0415

    no = take_request(desk.engine.database, datetime.now(UTC) - AGO)
    report = await desk.look()
    for lang, word in (("zh", "未作任何改动"), ("en", "Nothing was changed")):
        show(report, Console(width=200), lang, applied=False)
        printed = capsys.readouterr().out
        assert word in printed
        assert f"case/{no}" in printed
        assert text("trouble.unopened", lang) in printed
        assert "reconcile." not in printed
    body = json.loads(json.dumps(plain(report)))
    assert body["left"] >= 1
    assert {"kind", "process", "subject", "since", "act", "done"} == set(body["differences"][0])
    LiveCase(desk.engine, no)


async def test_doctor_names_how_many_of_each_kind_there_are(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    for _ in range(2):
        take_request(desk.engine.database, datetime.now(UTC) - AGO)
    await asyncio.to_thread(tell, desk.engine.database.url, desk.address)
    printed = capsys.readouterr().out
    assert f"2 {text('trouble.unopened', 'en')}" in printed
    assert "0 processes in the journal" in printed


def test_who_does_not_answer_is_said_and_ends_with_two(sqlite_url: str, capsys: Any) -> None:
    assert run(Asked(sqlite_url, "127.0.0.1:1"), as_json=False) == 2
    assert "127.0.0.1:1" in capsys.readouterr().out
    tell(sqlite_url, "127.0.0.1:1")
    assert "127.0.0.1:1" in capsys.readouterr().out
