"""领导坐诊: sessions that are put off, cancelled, carried over and held, and what becomes of what they order."""

from datetime import timedelta
from typing import Any

from domain.calendar import local_day
from tests.factories.engine import LiveProcess, until
from tests.replay.shapes.beside import begun, beside, holds, just_before, opened, told
from tests.replay.shapes.clocks import A_LIFE_S, rang
from tests.replay.shapes.registry import Stage, shape

SITS = "session_leader"


async def scheduled(stage: Stage, name: str, **after: float) -> LiveProcess:
    """A session of the city that a secretary schedules."""
    at = (await stage.engine.now() + timedelta(**after)).isoformat()
    about = {"kind": "leader_session", "level": "city", "leader": SITS, "at": at}
    return await begun(stage, f"session/{name}", "schedule_session", **about)


async def held(session: LiveProcess) -> None:
    """The instant comes, and the unit that was invited is there."""
    await session.give("call_session", units=("water",))
    await until(lambda: rang(session, "sitting/due"), seconds=60)
    await session.give("record_attendance", present=("water",))


async def decided(session: LiveProcess, item: str, *measures: dict[str, Any]) -> None:
    """The leader decides on an item."""
    await session.give("give_opinion", role=SITS, item=item, lead="roads", measures=measures)


@shape(holds="leader_appointed papers_attached session_postponed session_cancelled item_dropped item_refused")
async def put_off_and_cancelled(stage: Stage) -> None:
    """Another leader, another day, papers; one matter is refused, one taken off, and it is not held at all."""
    over = await stage.case()
    await over.give("answer")
    case = await (await stage.case()).dispatched()
    session = await scheduled(stage, f"off-{case.no}", days=3)
    await session.give("add_item", holder=over.process)
    await holds(session, "item_refused")
    await session.give("add_item", holder=case.process)
    await holds(session, "item_reserved")
    await session.give("attach_papers", item="i2", documents=("doc-1",))
    await session.give("appoint_leader", role="session_secretary", leader="deputy")
    at = await stage.engine.now() + timedelta(days=5)
    await session.give("postpone_session", role="session_secretary", at=at)
    await session.give("drop_item", role="session_secretary", item="i2")
    await session.give("cancel_session", role="session_secretary")
    await case.settled()


@shape(
    holds="item_carried carry_not_taken item_overtaken execution_noted ordered_measure_ended item_supervised"
    " item_not_supervised minutes_recorded",
    shows="TIMER_FIRED",
)
async def what_a_leader_orders_is_given_up(stage: Stage) -> None:
    """One matter is carried over and not taken, one is solved meanwhile; a measure is given up and supervised, once."""
    cases = [await (await stage.case()).dispatched() for _ in range(3)]
    first, third = cases[0], cases[2]
    closed = await scheduled(stage, f"closed-{first.no}", days=3)
    await closed.give("cancel_session", role="session_secretary")
    session = await scheduled(stage, f"sits-{first.no}", seconds=8)
    for case in cases:
        await session.give("add_item", holder=case.process)
    await holds(session, "item_reserved", 3)
    await held(session)
    await session.give("carry_over", role="session_secretary", item="i2", to=closed.process)
    await holds(session, "carry_not_taken")
    await third.give("submit_result", unit="water", order="a1", code="solved", documents=("doc-1",))
    await third.give("review_result", order="a1", accept=True)
    await holds(session, "item_overtaken")
    due = local_day(await stage.engine.now()) + timedelta(days=9)
    words = f"d/{first.no}#what"
    await decided(session, "i1", {"unit": "roads", "what": words, "due": due})
    await decided(session, "i2")
    await holds(session, "item_applied", 2)
    await session.give("record_minutes", role="session_secretary")
    measure = await beside(stage, f"measure/sits-{first.no}-1")
    await session.give("note_execution", role=SITS, user_=SITS)
    await measure.give("give_up_measure", role="centre_head")
    await holds(session, "ordered_measure_ended")
    no = measure.process.removeprefix("measure/")
    taken = {"matter": f"measure.{no}", "level": "supervise", "unit": "roads", "trigger": "supervisor"}
    await begun(stage, f"supervision/h-{no}", "issue_supervision", user_="other", **taken)
    await session.give("supervise_item", measure=measure.process)
    await holds(session, "item_not_supervised")
    # Told of once more, from nowhere: nothing happens.
    await told(session, "measure_ended", "again", measure=measure.process, outcome="given_up")
    for case in cases:
        await case.settled()


@shape(holds="overdue_reached overdue_annulled attendance_recorded", shows="TIMER_FIRED")
async def the_secretary_is_late(stage: Stage) -> None:
    """Nobody records who was there; that it had been sent in time annuls the overdue."""
    case = await (await stage.case()).dispatched()
    at = (await stage.engine.now() + timedelta(seconds=6)).isoformat()
    about = {"kind": "leader_session", "level": "city", "leader": SITS, "at": at}
    session = await opened(stage, f"session/late-{case.no}", pack="demo", **about)
    await session.give("add_item", holder=case.process)
    await holds(session, "item_reserved")
    await session.give("call_session", units=("water",))
    await until(lambda: "overdue_reached" in session.types(), seconds=A_LIFE_S)
    due = next(e.body["due"] for e in session.events() if e.type == "overdue_reached")
    await session.give("record_attendance", role="session_secretary", received=just_before(due), present=("water",))
    await decided(session, "i1")
    await session.give("record_minutes", role="session_secretary")
    await case.settled()
