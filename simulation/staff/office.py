"""The office: who looks into which inbox how often, and many people working at once in one process.

City roles look often, units' liaisons and heads only while their unit has work: their units are learnt from the list of cases
and from the dispatches made here, and otherwise asked now and then. Looking is limited for all together; deciding is not.
"""

import asyncio
import random
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import structlog
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from domain.casework.words import OPEN, WORKING, Stage
from simulation.city import City
from simulation.client import Api, Outcome, Pace
from simulation.staff import surge
from simulation.staff.beyond import BEYOND
from simulation.staff.look import Choice, Look, NotSeenError, Rates, Todo, Town
from simulation.staff.policies import POLICIES

RATES: Final = Path(__file__).parent / "rates.yaml"
LOOKOUT: Final = "dispatcher"
PAGE: Final = 100
MOST_PAGES: Final = 10
NOT_OVER: Final = tuple(sorted({*OPEN, Stage.closed}))
UNIT_FIELDS: Final = ("lead", "unit", "territory", "industry", "co", "units", "candidates", "members")
log = structlog.get_logger()


class Rhythm(BaseModel):
    """How often somebody looks, in seconds: after a find, and at most when there is nothing."""

    model_config = ConfigDict(frozen=True)

    busy: float
    idle: float
    cold: float = 90.0  # when there is no work for the unit, as far as one knows


CITY: Final = Rhythm(busy=0.3, idle=2.5)
LIAISON: Final = Rhythm(busy=0.6, idle=6.0)
BESIDE_SYSTEM: Final = Rhythm(busy=2.0, idle=15.0)
HEAD: Final = Rhythm(busy=2.0, idle=15.0, cold=240.0)
COLD_UNITS: Final = 100
"""The size of a city for which the pauses of cold desks are meant."""
WARM_FOR: Final = 60.0
LIST_EVERY: Final = 5.0
FIRST_REST: Final = 1.0
LONGEST_REST: Final = 30.0
FIRST_COLD: Final = 10.0


class Play(BaseModel):
    """What the run is about: seed, seconds of a working day, how long a silent system is waited for, looks a second."""

    model_config = ConfigDict(frozen=True)

    seed: int = 1
    day: float = 6.0
    patience: float = 20.0
    looks: float = 15.0
    hands: int = 4
    run: str = "0"


class Desk:
    """One account at work: its next look, and what its hands are on."""

    def __init__(self, account: str, role: str, rhythm: Rhythm, unit: str | None = None) -> None:
        """A unit's desk is cold until there is work for the unit."""
        self.account, self.role, self.rhythm, self.unit = account, role, rhythm, unit
        self.wait = rhythm.busy
        self.next = 0.0
        self.warm_until = 0.0 if unit else float("inf")
        self.looking = False

    def warm(self, now: float) -> None:
        """There may be work: look soon."""
        if self.warm_until < now:
            self.wait = self.rhythm.busy
            self.next = now
        self.warm_until = max(self.warm_until, now + WARM_FOR)

    def looked(self, now: float, *, found: bool) -> None:
        """Set the next look: soon after a find, later and later when there is nothing."""
        if found:
            self.wait = self.rhythm.busy
            self.warm_until = max(self.warm_until, now + WARM_FOR)
        else:
            self.wait = min(self.rhythm.idle, self.wait * 1.6)
        self.next = now + (self.wait if now < self.warm_until else self.rhythm.cold * random.uniform(0.8, 1.2))


class Office:
    """All desks of the city."""

    def __init__(self, city: City, api: Api, play: Play, rates: Rates | None = None) -> None:
        """Nobody looks before :meth:`work`."""
        self.city, self.api, self.play = city, api, play
        self._town = Town(api, city, rates or load_rates(), play.day, play.patience)
        self.desks = tuple(self._desks())
        self.units: dict[str, list[Desk]] = defaultdict(list)
        for desk in self.desks:
            if desk.unit is not None:
                self.units[desk.unit].append(desk)
        self.decided: Counter[str] = Counter()
        self.broken: Counter[str] = Counter()
        self._busy: set[tuple[str, str]] = set()
        self._times: Counter[tuple[str, str]] = Counter()
        self._notes: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        self._keys = 0
        # The many desks of units must not keep the few of the city waiting.
        self._city_pace, self._unit_pace = Pace(play.looks * 0.6), Pace(play.looks * 0.4)
        self._refused: Counter[tuple[str, str]] = Counter()
        self._rest: dict[tuple[str, str], float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._hands = {desk.account: asyncio.Semaphore(play.hands) for desk in self.desks}
        self._open: int | None = None
        self._surged = False
        self._last_decision = time.monotonic()

    async def work(self, *, until_idle: bool = False, quiet: float = 5.0) -> None:
        """Work until cancelled, or until no case is open and nothing was decided for ``quiet`` seconds.

        Before the first case nobody is idle, so that staff may be started before the first request.
        """
        lister = asyncio.create_task(self._list_cases(), name="list of cases")
        seen_work = False
        try:
            while True:
                now = time.monotonic()
                for desk in self.desks:
                    if desk.next <= now and not desk.looking:
                        desk.looking = True
                        self._start(self._look(desk), f"look {desk.account}")
                seen_work = seen_work or bool(self._open)
                quiet_since = max(self._last_decision, now if self._busy else 0.0)
                if until_idle and seen_work and self._open == 0 and now - quiet_since > quiet:
                    return
                await asyncio.sleep(0.05)
        finally:
            lister.cancel()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(lister, *self._tasks, return_exceptions=True)

    async def look(self, desk: Desk) -> bool:
        """Look into one inbox and start deciding what can be decided; say whether there was anything to do."""
        waiting = [todo async for todo in self._inbox(desk) if not self._left((todo.process, todo.key))]
        self._busy.update((todo.process, todo.key) for todo in waiting)
        found = False
        while waiting:
            some, waiting = waiting[: self.play.hands], waiting[self.play.hands :]
            choices = await asyncio.gather(*(self._consider(desk, todo) for todo in some))
            for todo, choice in zip(some, choices, strict=True):
                if choice is None:
                    self._busy.discard((todo.process, todo.key))
                    continue
                found = True
                self._times[todo.process, todo.key] += 1
                self._start(self._carry_out(desk, todo, choice), f"decide {todo.process} {todo.key}")
        return found

    def _left(self, subject: tuple[str, str]) -> bool:
        """Say whether somebody is at it, or it was refused lately."""
        return subject in self._busy or self._rest.get(subject, 0.0) > time.monotonic()

    async def _consider(self, desk: Desk, todo: Todo) -> Choice | None:
        """Choose what to do with a todo. A policy that breaks is counted, and the todo left."""
        try:
            return await self._choose(desk, todo)
        except NotSeenError as error:
            log.debug("not seen", todo=todo.key, process=todo.process, code=str(error))
        except (KeyError, ValueError, TypeError, IndexError) as error:
            self.broken[f"{todo.kind}: {error!r}"] += 1
            log.exception("a policy broke", todo=todo.key, process=todo.process)
        return None

    async def _look(self, desk: Desk) -> None:
        found = False
        try:
            found = await self.look(desk)
        finally:
            desk.looking = False
            desk.looked(time.monotonic(), found=found)

    async def _inbox(self, desk: Desk) -> AsyncIterator[Todo]:
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            await (self._unit_pace if desk.unit else self._city_pace).wait()
            outcome = await self.api.get(desk.account, "/todos", role=desk.role, limit=PAGE, cursor=cursor)
            if not outcome.ok:
                return
            for row in outcome.body.get("items", []):
                try:
                    yield Todo.model_validate(row)
                except ValidationError as error:
                    self.broken[f"todo: {error.errors()[0]['loc']}"] += 1
            cursor = outcome.body.get("next")
            if not cursor:
                return

    async def _choose(self, desk: Desk, todo: Todo) -> Choice | None:
        process = todo.process.partition("/")[0]
        policy = BEYOND.get(process, POLICIES).get(todo.kind)
        if policy is None:
            self.broken[f"no policy for {process}: {todo.kind}"] += 1
            return None
        subject = (todo.process, todo.key)
        steady = f"{self.play.seed}/{todo.process}/{todo.key}"
        look = Look(
            self._town,
            desk.account,
            todo,
            rng=random.Random(f"{steady}/{desk.role}/{self._times[subject]}"),
            steady=steady,
            times=self._times[subject],
            notes=self._notes[subject],
        )
        return await policy(look)

    async def _carry_out(self, desk: Desk, todo: Todo, choice: Choice) -> None:
        subject = (todo.process, todo.key)
        try:
            async with self._hands[desk.account]:
                outcome = await self._decide(desk.account, choice.process or todo.process, choice)
            if not outcome.ok:
                self._refused[subject] += 1
                rest = min(LONGEST_REST, FIRST_REST * 2 ** (self._refused[subject] - 1))
                self._rest[subject] = time.monotonic() + rest
        finally:
            self._busy.discard(subject)
            desk.next = min(desk.next, time.monotonic() + desk.rhythm.busy)
        for later in choice.then:
            await asyncio.sleep(later.after)
            await self._decide(desk.account, later.process or todo.process, later)

    async def _decide(self, account: str, process: str, choice: Choice) -> Outcome:
        self._keys += 1
        key = f"{self.play.run}-{self._keys}"
        body = {name: value for name, value in choice.body.items() if value is not None}
        outcome = await self.api.decide(account, process, choice.command, body, key)
        self._last_decision = time.monotonic()
        self.decided[f"{choice.command}: {'recorded' if outcome.ok else outcome.code}"] += 1
        if outcome.ok:
            self._warm(unit for name in UNIT_FIELDS for unit in _several(body.get(name)))
        return outcome

    async def _list_cases(self) -> None:
        """Learn from the list of cases how many are open and which units have work."""
        while True:
            try:
                counts = [await self._list(stage) for stage in NOT_OVER]
                self._open = None if None in counts else sum(c or 0 for c in counts)
                await self._meet_a_surge(sum(c or 0 for s, c in zip(NOT_OVER, counts, strict=True) if s in WORKING))
            except (KeyError, TypeError) as error:
                self.broken[f"list of cases: {error!r}"] += 1
            await asyncio.sleep(LIST_EVERY)

    async def _meet_a_surge(self, in_work: int) -> None:
        if self._surged or not surge.is_surge(in_work):
            return
        outcome = await surge.declare(self.api, self.city, self.play.seed, self.play.run)
        self._surged = outcome.ok
        self.decided[f"begin_batch: {'recorded' if outcome.ok else outcome.code}"] += 1

    async def _list(self, stage: str) -> int | None:
        """Return how many cases of a stage the first page shows, and warm the desks of their units."""
        await self._city_pace.wait()
        outcome = await self.api.get(LOOKOUT, "/cases", stage=stage, limit=PAGE if stage in WORKING else 1)
        if not outcome.ok:
            return None
        rows = outcome.body["items"]
        if stage in WORKING:
            self._warm(str(row["lead_unit"]) for row in rows if row.get("lead_unit"))
        return len(rows)

    def _warm(self, units: Any) -> None:
        now = time.monotonic()
        for unit in units:
            for desk in self.units.get(unit, ()):
                desk.warm(now)

    def _desks(self) -> Iterator[Desk]:
        start = time.monotonic()
        for account in self.city.accounts:
            role = account.roles[0]
            if account.unit is not None and role not in ALWAYS:
                desk = Desk(account.user, role, self._rhythm(role, account.unit), account.unit)
                desk.next = start + FIRST_COLD + desk.rhythm.cold * random.random()
                yield desk
            elif account.user not in WATCHERS:
                yield Desk(account.user, role, CITY)

    def _rhythm(self, role: str, unit: str) -> Rhythm:
        beside = BESIDE_SYSTEM if self.city.unit(unit).system else LIAISON
        rhythm = beside if role == "unit_liaison" else HEAD
        # Where nothing waits, a large city does not look, or sign in, more often a second than a small one.
        return rhythm.model_copy(update={"cold": rhythm.cold * max(1.0, len(self.city.units) / COLD_UNITS)})

    def _start(self, work: Any, name: str) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.broken[f"{task.get_name().split()[0]}: {task.exception()!r}"] += 1
            log.error("work broke off", task=task.get_name(), error=repr(task.exception()))


ALWAYS: Final = frozenset({"district_centre"})
"""Roles of a unit that look into their inbox as often as the city's."""
WATCHERS: Final = frozenset({"auditor", "privacy_officer", "channel.web"})
"""Accounts that decide nothing on cases."""


def load_rates(path: Path = RATES) -> Rates:
    """Read the rates. Raises ValidationError for a file of the wrong shape."""
    return Rates.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def _several(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def summary(office: Office) -> Mapping[str, Any]:
    """Return what the staff did, for the last line of a run."""
    spent = sorted(office.api.decisions.seconds)
    return {
        "decisions": sum(n for name, n in office.decided.items() if name.endswith("recorded")),
        "refused": sum(n for name, n in office.decided.items() if not name.endswith("recorded")),
        "decision_p50_ms": _quantile(spent, 0.5),
        "decision_p99_ms": _quantile(spent, 0.99),
        "by_command": dict(sorted(office.decided.items())),
        "broken": dict(office.broken),
    }


def _quantile(values: list[float], q: float) -> float | None:
    return round(values[min(len(values) - 1, int(len(values) * q))] * 1000, 1) if values else None
