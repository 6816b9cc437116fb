"""What the beats of a city's cadence do: open sessions ahead, tell units what is overdue, tell that a year is provisional."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, timedelta

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError

from activities.signatures import Beat
from activities.tell import signal_process
from domain.calendar import local_day
from domain.messages import Message
from domain.process import SYSTEM, Envelope
from storage import cadence as sql
from storage.rules import Rules
from storage.unit_of_work import Database, StorageUnavailable


class Cadence:
    """Strikes beats. One instance a worker process."""

    def __init__(self, database: Database, client: Client) -> None:
        self.database, self.client = database, client
        self.rules = Rules(database)

    @activity.defn(name="cadence.strike")
    async def strike(self, beat: Beat) -> str:
        """Do what the beat is for, once a day: repeated, it finds that done."""
        try:
            return await STRIKES[beat.what](self, beat)
        except StorageUnavailable as error:
            raise ApplicationError("the database did not answer", type="StorageUnavailable") from error

    async def session(self, beat: Beat) -> str:
        """Open the next session of a kind: it is prepared until the instant it is planned for, which no delay of ours moves."""
        meant = beat.meant or beat.now
        day = local_day(meant)
        process = f"session/{day:%Y%m%d}-{beat.kind}-{beat.district or 'city'}"
        pins = await asyncio.to_thread(self._pins)
        body = {
            "by": "schedule",
            **pins,
            "kind": beat.kind,
            "level": "district" if beat.district else "city",
            "district": beat.district,
            "at": (meant + timedelta(days=beat.ahead)).astimezone(UTC).isoformat(),
        }
        envelope = Envelope(
            id=f"{process}/open",
            process=process,
            name="open",
            body=body,
            actor=SYSTEM,
            received_at=beat.now,
        )
        await signal_process(self.client, process, "decide", Message(envelope=envelope))
        return process

    async def digest(self, beat: Beat) -> str:
        """Tell every unit how much of what waits for it is overdue or due today."""
        told = await asyncio.to_thread(self._digest, beat)
        return f"{told} units told"

    async def provisional(self, beat: Beat) -> str:
        """Tell the calendar keeper while the coming year's notice is not out: its deadlines will be recounted (domain.md 6.1)."""
        day = local_day(beat.now)
        calendar = self.rules.calendar(self.rules.current_calendar())
        year = day.year + 1
        if not calendar.is_provisional(day.replace(year=year, month=1, day=1)):
            return f"{year} is known"
        await asyncio.to_thread(self._provisional, beat, year)
        return f"{year} is provisional"

    def _pins(self) -> Mapping[str, str]:
        with self.database.read() as connection:
            return self.rules.in_force(connection).model_dump()

    def _digest(self, beat: Beat) -> int:
        with self.database.write() as connection:
            return sql.give_digests(connection, local_day(beat.now), beat.now)

    def _provisional(self, beat: Beat, year: int) -> None:
        with self.database.write() as connection:
            sql.tell_provisional(connection, local_day(beat.now), year, beat.now)


STRIKES: Mapping[str, Callable[[Cadence, Beat], Awaitable[str]]] = {
    "session": Cadence.session,
    "digest": Cadence.digest,
    "provisional": Cadence.provisional,
}
