"""The city's Temporal Schedules: when sessions are opened, digests given, and the coming year looked at. Asia/Shanghai.

What a schedule does is :mod:`workflows.cadence`; when, is the city's pack (``cadence``). Every worker that starts makes them, or
brings them to this release: doing it twice changes nothing. A schedule that was paused by an operator stays paused.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from activities.signatures import CASES, Beat
from domain.policy import Pack
from storage import cadence as sql
from storage.rules import Rules
from storage.unit_of_work import Database

ZONE: Final = "Asia/Shanghai"
CATCH_UP: Final = timedelta(hours=12)
"""A beat missed by longer than this is not made up: the next one is near (the server's own default is a year)."""
WEEK, MONTH = 7, 28
EVERY_MORNING: Final = "0 8 * * *"
SESSIONS: Final = {
    # of the pack's cadence: kind, whether each district has one, days ahead of the sitting
    "district_session": ("leader_session", True, WEEK),
    "city_session": ("leader_session", False, MONTH),
    "assignment_meeting": ("assignment_meeting", False, WEEK),
}


def beats(pack: Pack, districts: list[str]) -> Iterator[tuple[str, str, Beat]]:
    """Return every schedule: its id, its cron expression, what it strikes."""
    for name, (kind, each, ahead) in SESSIONS.items():
        if name not in pack.cadence:
            continue
        for district in districts if each else [None]:
            title = f"{name} {district or 'city'}"
            beat = Beat(what="session", title=title, kind=kind, district=district, ahead=ahead)
            yield f"sanhuan/{name}/{district or 'city'}", pack.cadence[name].cron, beat
    yield "sanhuan/digest", EVERY_MORNING, Beat(what="digest", title="digest of each unit")
    yield "sanhuan/provisional", EVERY_MORNING, Beat(what="provisional", title="provisional year")


async def ensure(client: Client, database: Database) -> list[str]:
    """Make every schedule, or bring it to this release; return their ids."""
    rules = Rules(database)
    with database.read() as connection:
        pins, districts = rules.in_force(connection), sql.districts(connection)
    pack = rules.pack(pins.pack, pins.pack_version, pins.pack_sha)
    made: list[str] = []
    for id_, cron, beat in beats(pack, districts):
        await _ensure(client, id_, cron, beat)
        made.append(id_)
    return made


async def _ensure(client: Client, id_: str, cron: str, beat: Beat) -> None:
    schedule = Schedule(
        action=ScheduleActionStartWorkflow("CadenceWorkflow", beat, id=f"cadence/{id_}", task_queue=CASES),
        spec=ScheduleSpec(cron_expressions=[cron], time_zone_name=ZONE),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=CATCH_UP),
    )
    try:
        await client.create_schedule(id_, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(id_).update(lambda found: _brought_up(found, schedule))


def _brought_up(found: ScheduleUpdateInput, wanted: Schedule) -> ScheduleUpdate:
    wanted.state = found.description.schedule.state
    return ScheduleUpdate(wanted)
