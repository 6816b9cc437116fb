"""Law 4: replay never decides again; rules, limits, effects and texts change freely while cases run."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest

from activities import labels
from activities.journal import Journal
from activities.notices import Notices
from activities.signatures import CASES, DEPARTMENTS, CommitRequest, CommitResult, EffectOrder, Performed
from domain import case as rules
from domain import kernel
from domain.casework import outward, wakeups
from domain.messages import ProcessStart
from tests.factories.city import ADDRESS, CONTENT, NAME, PHONE, PLACE, TITLE, take_request
from tests.factories.engine import Engine, LiveCase, replays, seen


async def full_life(engine: Engine) -> LiveCase:
    """A case with everything in it: co-unit, return, pause, incident-free delivery, redo, refusal."""
    case = await (await engine.case()).dispatched(co=("roads",))
    await case.give("sign", unit="water", order="a1")
    assert await case.refuses("sign", unit="water", order="a1") == "not_in_this_state"
    await case.give("request_pause", unit="water", order="a1", kind="weather")
    await case.give("review_pause", order="a1", approve=True)
    await case.give("resume", unit="water", order="a1")
    await case.give("waive_result", order="a2")
    await case.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await case.give("review_result", order="a1", accept=True)
    await case.satisfied()
    await case.settled()
    return case


@pytest.fixture
def other_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another city: nothing is allowed, nothing is owed, no timers, other words. Whoever decided now would decide otherwise."""

    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError("replay asked the rules")

    for module, names in (
        (kernel, ("advance", "replay", "card", "todos", "_arm", "_apply", "_write", "_plan")),
        (wakeups, ("timers", "ring")),
        (outward, ("effects",)),
        (labels, ("timer_summary", "effect_summary", "details_text")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, never)
    monkeypatch.setattr(Journal, "commit", never)
    monkeypatch.setattr(rules, "RULES", dict.fromkeys(rules.RULES, never))


async def test_histories_replay_when_rules_limits_effects_and_texts_have_changed(
    engine: Engine, request: pytest.FixtureRequest
) -> None:
    case = await full_life(engine)
    histories = await case.histories()
    await engine.team.stop()
    request.getfixturevalue("other_rules")
    await replays(histories)


@pytest.mark.usefixtures("by_activity")
async def test_a_history_holds_ids_and_codes_and_nothing_personal(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    case = await full_life(engine)
    (history,) = await case.histories()
    text = history.to_json()
    described = await case.handle.describe()
    shown = [text, str(described.raw_description), repr(described.typed_search_attributes), caplog.text]
    for planted in (NAME, PHONE, ADDRESS, TITLE, CONTENT, PLACE):
        assert not any(planted in where for where in shown), planted
    assert case.no in text
    assert DEPARTMENTS in text


@pytest.mark.usefixtures("by_activity")
@pytest.mark.parametrize("ends", ["while the commit lasts", "as the commit ends"])
async def test_a_commit_that_outlives_its_task_replays_beside_effects_that_end_meanwhile(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    """Live, the end of an effect and that of the commit come one after the other; in replay they come together."""
    commit, give = Journal.commit, Notices.give_notice
    begun, held = threading.Event(), threading.Event()
    slow = "record_callback"

    def lasting(self: Journal, request: CommitRequest) -> CommitResult:
        result = commit(self, request)
        if request.envelope is not None and request.envelope.name == slow and not begun.is_set():
            begun.set()
            if ends != "while the commit lasts":
                threading.Timer(1.2, held.set).start()
            time.sleep(1.2)
        return result

    def holding(self: Notices, order: EffectOrder) -> Performed:
        if not held.is_set() and order.target.startswith("caller:"):
            if ends == "while the commit lasts":
                begun.wait(30)
                time.sleep(0.3)
                held.set()
            held.wait(30)
        return give(self, order)

    for was, now in ((commit, lasting), (give, holding)):
        now.__dict__.update(was.__dict__)
    monkeypatch.setattr(Journal, "commit", lasting)
    monkeypatch.setattr(Notices, "give_notice", holding)
    case = LiveCase(engine, take_request(engine.database, await engine.now()))
    engine.cases.append(case)
    await engine.client.start_workflow(
        "CaseWorkflow",
        ProcessStart(process=case.process),
        id=case.process,
        task_queue=CASES,
        task_timeout=timedelta(seconds=1),
    )
    await engine.team.stop()
    await engine.team.start()
    await case.in_callback()
    await case.satisfied()
    await case.settled()
    (history,) = await case.histories()
    accepted = seen(history, "WORKFLOW_EXECUTION_UPDATE_ACCEPTED")[-1].event_id
    ended = seen(history, "WORKFLOW_EXECUTION_UPDATE_COMPLETED")[-1].event_id
    tasks = [e for e in seen(history, "WORKFLOW_TASK_COMPLETED") if accepted < e.event_id < ended]
    assert tasks, "the commit did not outlive its task"
    await replays([history])
