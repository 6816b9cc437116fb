"""Ways to come at processes beside a case: those it begins, those a person or a machine opens, and what they are told."""

from datetime import UTC, datetime, timedelta
from typing import Any

from activities.tell import signal_process
from domain.messages import Message
from domain.process import SYSTEM, Envelope, Pins
from storage.rules import Rules
from tests.factories.engine import LiveCase, LiveProcess, until
from tests.replay.shapes.registry import Stage


async def beside(stage: Stage, process: str) -> LiveProcess:
    """A process that has been begun; its runs and its journal are recorded too."""
    live = _kept(stage, process)
    await live.opened()
    return live


async def begun(stage: Stage, process: str, name: str, **more: Any) -> LiveProcess:
    """A process that a person opens."""
    live = _kept(stage, process)
    await live.give(name, **more)
    return live


async def opened(stage: Stage, process: str, /, *, pack: str | None = None, **body: Any) -> LiveProcess:
    """A process that a machine opens, under the terms in force or those of a pack."""
    rules = Rules(stage.engine.database)
    with stage.engine.database.read() as connection:
        pins = rules.in_force(connection)
    if pack is not None:
        version, sha = rules.current_pack(pack)
        pins = Pins(pack=pack, pack_version=version, pack_sha=sha, calendar=pins.calendar)
    live = _kept(stage, process)
    await told(live, "open", "open", **{"by": "system", **pins.model_dump(), **body})
    await live.opened()
    return live


async def told(live: LiveCase, name: str, id_: str, **body: Any) -> None:
    """Send a process a message of a machine, which may come late or from nowhere."""
    envelope = Envelope(
        id=f"{live.process}/{id_}",
        process=live.process,
        name=name,
        body=body,
        actor=SYSTEM,
        received_at=await live.engine.now(),
    )
    await signal_process(live.engine.client, live.process, "decide", Message(envelope=envelope))


async def holds(case: LiveCase, type_: str, n: int = 1, seconds: float = 60) -> None:
    """Wait until the journal holds so many events of a type."""
    await until(lambda: case.types().count(type_) >= n, seconds=seconds)


def just_before(due: str) -> datetime:
    """The instant a second before one that an event names."""
    return datetime.fromisoformat(due).astimezone(UTC) - timedelta(seconds=1)


def _kept(stage: Stage, process: str) -> LiveProcess:
    live = LiveProcess(stage.engine, process)
    stage.cases.append(live)
    return live
