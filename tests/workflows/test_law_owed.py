"""Law 3 on the engine: incidents, and a process that completes only when nothing is owed."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError

import activities.journal
from activities.notices import Notices
from activities.signatures import EffectOrder, Performed
from storage.facts import look_up
from storage.models import IncidentRow, NoticeRow
from tests.factories.city import rows
from tests.factories.engine import Engine, LiveCase, seen, until
from workflows import durable

pytestmark = pytest.mark.usefixtures("by_activity")


@pytest.fixture
def failing_notices(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notices whose ids begin with what is listed here fail for good."""
    broken = ["case/"]
    give = Notices.give_notice

    def maybe(self: Notices, order: EffectOrder) -> Performed:
        if any(order.id.startswith(b) for b in broken):
            raise ApplicationError("no such channel", type="channel_gone", non_retryable=True)
        return give(self, order)

    maybe.__dict__.update(give.__dict__)
    monkeypatch.setattr(Notices, "give_notice", maybe)
    return broken


async def incidents(case: LiveCase, status: str = "open") -> list[Any]:
    """The case's incidents of a status."""
    return [i for i in rows(case.engine.database, IncidentRow, process=case.process) if i.status == status]


@pytest.mark.parametrize("settle", ["retry_effect", "redirect_effect", "waive_effect"])
async def test_a_closed_case_with_incidents_completes_once_they_are_settled(
    failing_notices: list[str], engine: Engine, settle: str
) -> None:
    case = await engine.case()
    await case.give("answer")
    open_ = await until(lambda: _two(case))
    assert {i.code for i in open_} == {"channel_gone"}
    assert await case.status() is WorkflowExecutionStatus.RUNNING
    failing_notices.clear()
    more = {"channel": "manual"} if settle == "redirect_effect" else {}
    for incident in open_:
        await case.give(settle, effect=incident.effect, **more)
    assert await case.handle.result() == "answered"
    expected = {"retry_effect": "done", "redirect_effect": "redirected", "waive_effect": "waived"}[settle]
    assert {e.status for e in case.effects()} == {expected}
    given = len(rows(engine.database, NoticeRow, process=case.process))
    assert given == (2 if settle == "retry_effect" else 0)


async def _two(case: LiveCase) -> list[Any]:
    found = await incidents(case)
    return found if len(found) == 2 else []


@pytest.mark.parametrize("settle", ["waive_effect", "retry_effect"])
async def test_a_case_whose_incidents_were_opened_and_settled_while_the_answers_were_lost_still_completes(
    failing_notices: list[str], engine: Engine, monkeypatch: pytest.MonkeyPatch, settle: str
) -> None:
    commit_in = activities.journal.Journal.commit_in
    lost: set[str] = set()

    def forgetful(self: Any, connection: Any, request: Any, *taken: Any) -> Any:
        result = commit_in(self, connection, request, *taken)
        envelope = request.envelope
        if envelope and envelope.name in {"fail_effect", settle} and envelope.id not in lost:
            lost.add(envelope.id)
            connection.commit()
            raise ApplicationError("the worker died after the commit", type="StorageUnavailable")
        return result

    monkeypatch.setattr(activities.journal.Journal, "commit_in", forgetful)
    case = await engine.case()
    await case.give("answer")
    found = await until(lambda: _two(case))
    failing_notices.clear()
    for incident in found:
        await case.give(settle, effect=incident.effect)
    assert len(lost) == 4
    assert await case.handle.result() == "answered"


async def test_a_closed_case_that_waits_for_an_operator_looks_again_ever_more_rarely(
    failing_notices: list[str], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "FIRST_WAIT", timedelta(milliseconds=100))
    case = await engine.case()
    await case.give("answer")
    await until(lambda: _two(case))

    async def waits() -> list[float]:
        history = await case.handle.fetch_history()
        started = [e.timer_started_event_attributes for e in seen(history, "TIMER_STARTED")]
        return [t.start_to_fire_timeout.ToMilliseconds() for t in started]

    async def enough() -> list[float]:
        found = await waits()
        return found if len(found) >= 5 else []

    found = await until(enough)
    tail = [w for w in found if w < 600_000][-4:]
    assert all(b == 2 * a for a, b in pairwise(tail)), found
    for incident in await incidents(case):
        await case.give("waive_effect", effect=incident.effect)
    assert await case.handle.result() == "answered"


async def test_two_cases_merge_through_their_workflows(either_engine: Engine) -> None:
    leading, merging = await either_engine.case(), await either_engine.case()
    await leading.opened()
    await merging.give("merge", into=leading.no)
    assert await merging.handle.result() == "merged"
    await leading.settled()
    assert "follower_attached" in leading.types()
    assert {e.status for e in merging.effects()} == {"done"}
    (told,) = merging.effects(kind="tell")
    assert [(c.id, c.outcome) for c in leading.commands(name="attach_follower")] == [(told.id, "recorded")]


async def test_a_refused_merge_comes_back_as_refuse_merge_and_its_effect_is_settled(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    leading, merging = await engine.case(), await engine.case()
    await leading.opened()
    await merging.opened()
    # The leading case closes between the courtesy look of the other and its own word.
    await leading.give("answer")
    await leading.handle.result()
    await leading.keep()

    def still_open(connection: Any, needs: Any) -> Any:
        units, items, cases = look_up(connection, needs)
        return units, items, {no: c.model_copy(update={"open": True}) for no, c in cases.items()}

    monkeypatch.setattr("activities.journal.look_up", still_open)
    await merging.give("merge", into=leading.no)
    await until(lambda: "merge_refused" in merging.types())
    await merging.settled()
    (told,) = merging.effects(kind="tell")
    assert (told.status, told.outcome) == ("done", "refused")
    assert (await merging.give("triage", triage="routine")).stage == "triaged"
