"""Plays scripts against the API, as people and as department systems, and logs every operation.

Whatever breaks, a step is repeated under its own key until it has an answer; then it must be an answer that the script
expects. A step can be abandoned in flight, as by a client that dies; it is taken up again when the harness says so.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any, Final

import httpx

from domain.calendar import local_day
from domain.signing import sign
from simulation.city import secret_of
from simulation.client import Api, Outcome
from simulation.departments.answers import picture
from simulation.departments.messages import answer
from tests.faults.messages import said
from tests.faults.operations import READ, RECORDED, UNKNOWN, Log, answered, command_id, request_id
from tests.faults.steps import Script, Step

NAME: Final = "邵金丝雀"
PHONE: Final = "13911170421"
ADDRESS: Final = "虚构金丝路八十八号"
WORDS: Final = "金丝雀口信七七三"
CANARIES: Final = (NAME, PHONE, ADDRESS, WORDS)
"""Planted in every request and in every text a person types: none of it may be found where only codes belong."""

TEXTS: Final = frozenset(
    {"reply", "reason", "note", "basis", "evidence", "remedy", "tried", "question", "text", "what"}
)
IN_30_DAYS: Final = "{in_30_days}"
READERS: Final = ("dispatcher", "shift_leader", "centre_head")
SHARE_READ: Final = 0.35
AGAIN: Final = frozenset({HTTPStatus.ACCEPTED, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
PAUSE_S: Final = 0.4
PATIENCE_S: Final = 240.0


class Play:
    """One script being played: its label (the same in two runs of one seed), what its callers say, the numbers they were given."""

    def __init__(self, label: str, script: Script, words: Sequence[tuple[str, str]]) -> None:
        self.label, self.script, self.words = label, script, words
        self.numbers: dict[str, str] = {}
        self.over = False

    def process(self, case: str = "a") -> str:
        """The process of one of its requests."""
        return f"case/{self.numbers[case]}"


def plays(scripts: Sequence[Script], seed: int, messages: Path | None = None) -> list[Play]:
    """Cast the scripts with callers who say what the messages say."""
    words = iter(said(sum(s.requests for s in scripts), seed, messages))
    return [Play(f"c{n:04d}", s, list(islice(words, s.requests))) for n, s in enumerate(scripts)]


class Driver:
    """All plays of a run over one connection pool."""

    def __init__(self, address: str, log: Log, plays: list[Play], *, seed: int, in_flight: int) -> None:
        self.plays = plays
        scripts = [play.script for play in plays]
        self.total = sum(len(s.steps) + s.requests for s in scripts)
        self.done = 0
        self.log = log
        self.wrong: list[str] = []
        self.errors: list[str] = []
        self.results: Counter[str] = Counter()
        self._address, self._seed, self._in_flight = address, seed, in_flight
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[None] | None = None
        self._flying: dict[str, asyncio.Task[Outcome]] = {}
        self._held: dict[str, asyncio.Event] = {}
        self._api: Api
        self._http: httpx.AsyncClient

    async def run(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Play everything; return when every script has come to its last step."""
        self._loop, self._main = asyncio.get_running_loop(), asyncio.current_task()
        limits = httpx.Limits(max_connections=4 * self._in_flight)
        async with httpx.AsyncClient(
            base_url=self._address, timeout=httpx.Timeout(15, pool=None), transport=transport, limits=limits
        ) as self._http:
            self._api = Api(self._http, in_flight=2 * self._in_flight, patience=PATIENCE_S)
            waiting = iter(self.plays)
            async with asyncio.TaskGroup() as group:
                for _ in range(self._in_flight):
                    group.create_task(self._lane(waiting))

    def abandon(self, process: str) -> bool:
        """Let the client of a process die: its operation in flight is never answered. From any thread; say if there was one."""
        if self._loop is None:
            return False
        return asyncio.run_coroutine_threadsafe(self._abandon(process), self._loop).result(10)

    def resume(self, process: str) -> None:
        """Let an abandoned process have a client again, which repeats what was not answered. From any thread."""
        if self._loop is not None and process in self._held:
            self._loop.call_soon_threadsafe(self._held[process].set)

    def stop(self) -> str:
        """Give up, from any thread; return who still waited for what."""
        flying = ", ".join(sorted(self._flying)) or "nobody"
        held = ", ".join(sorted(self._held)) or "nobody"
        waiting = [o for o in self.log.operations[-5000:] if o.end is None][-self._in_flight :]
        last = "; ".join(f"{o.person} {o.command} {o.process}: {o.result}" for o in waiting)
        if self._loop is not None and self._main is not None:
            self._loop.call_soon_threadsafe(self._main.cancel)
        return f"in flight: {flying}; abandoned: {held}; without an answer: {last}"

    async def _abandon(self, process: str) -> bool:
        self._held[process] = asyncio.Event()
        task = self._flying.get(process)
        return task is not None and task.cancel()

    # ---------------------------------------------------------------------------------------------------------- playing

    async def _lane(self, waiting: Any) -> None:
        for play in waiting:
            try:
                await self._play(play)
            except Exception as error:  # noqa: BLE001 - one script that breaks must not end the run; it is reported
                self.wrong.append(f"{play.label} {play.script.name}: {error!r}")

    async def _play(self, play: Play) -> None:
        rng = random.Random(f"reads/{self._seed}/{play.label}")
        for n in range(play.script.requests):
            await self._register(play, "ab"[n])
            self.done += 1
        for n, step in enumerate(play.script.steps):
            await self._step(play, n, step)
            self.done += 1
            if rng.random() < SHARE_READ:
                await self._read(play, rng.choice(READERS))
        play.over = True

    async def _step(self, play: Play, n: int, step: Step) -> None:
        match step.how:
            case "together":
                await asyncio.gather(*(self._act(play, n, s) for s in step.steps))
            case "wait":
                await self._wait(play, step)
            case "order":
                await self._shows(play, step)
            case "item":
                await self._waits(play, step)
            case _:
                await self._act(play, n, step)

    async def _act(self, play: Play, n: int, step: Step) -> None:
        """Do a step until it has an answer, and compare that with what the script expects."""
        process = self._process(play, step)
        body = self._filled(play, step.body)
        again = 2 if step.twice else 1
        answers: list[tuple[str, int | None]] = []
        while len(answers) < again:
            outcome, result = await self._once(play, n, step, process, body)
            if result is not None:
                answers.append((result, outcome.body.get("seq") if step.twice else None))
                continue
            await asyncio.sleep(PAUSE_S)
        result = answers[0][0]
        self.results[f"{step.command}: {result}"] += 1
        where = f"{play.label} {play.script.name} step {n} {step.command}"
        if result not in step.expect:
            self.wrong.append(f"{where}: {result}, expected {' or '.join(step.expect)}")
        if len({r for r, _ in answers}) > 1:
            self.wrong.append(f"{where}: repeated, it was answered {answers}")

    async def _once(
        self, play: Play, n: int, step: Step, process: str, body: dict[str, Any]
    ) -> tuple[Outcome, str | None]:
        """Try once, in a task that can be abandoned; the result is None when there was no answer."""
        units = step.how == "answer"
        key = f"{play.label}-{n}-{step.command}"
        person = f"unit:{step.who}" if units else step.who
        with self.log.operation(person, process, step.command, command_id(person, process, key)) as operation:
            call = (
                self._answer(play, step, process, body, key)
                if units
                else self._api.decide(step.who, process, step.command, body, key)
            )
            task = asyncio.create_task(call)
            self._flying[process] = task
            try:
                outcome = await task
            except asyncio.CancelledError:
                if process not in self._held:
                    raise
                outcome = Outcome(status=0)
            finally:
                self._flying.pop(process, None)
            if outcome.status >= HTTPStatus.BAD_REQUEST:
                self.errors.append(json.dumps(outcome.body, ensure_ascii=False))
            answered(operation, outcome.status, outcome.body)
        if (held := self._held.get(process)) is not None:
            await held.wait()
            self._held.pop(process, None)
        if operation.result == UNKNOWN:
            return outcome, None
        return outcome, RECORDED if operation.result == RECORDED else operation.code

    async def _answer(self, play: Play, step: Step, process: str, body: dict[str, Any], key: str) -> Outcome:
        """Send a department system's signed answer; the same message id at every attempt."""
        if step.proof:
            document = await self._upload(play, step, process, f"{key}.proof")
            if document.status != HTTPStatus.CREATED:
                return document
            body = body | {"documents": [document.body["id"]]}
        event = answer(step.who, process.partition("/")[2], body["order"], step.command, body, key)
        content = json.dumps(event, ensure_ascii=False).encode()
        path = f"/api/v1/departments/{step.who}/answers"
        return await self._signed(step.who, path, key, content, "application/cloudevents+json")

    async def _upload(self, play: Play, step: Step, process: str, key: str) -> Outcome:
        path = f"/api/v1/departments/{step.who}/documents"
        params = {"process": process, "name": f"{play.label}.png"}
        return await self._signed(step.who, path, key, picture(key), "image/png", params)

    async def _signed(
        self, unit: str, path: str, key: str, content: bytes, media: str, params: dict[str, str] | None = None
    ) -> Outcome:
        headers = sign(secret_of(unit), key, datetime.now(UTC), content) | {"content-type": media}
        try:
            response = await self._http.post(path, content=content, params=params, headers=headers)
        except httpx.TransportError:
            return Outcome(status=0)
        if response.status_code in AGAIN or response.is_server_error:
            self.errors.append(response.text)
            return Outcome(status=0)
        return Outcome(status=response.status_code, body=response.json())

    async def _register(self, play: Play, case: str) -> None:
        title, content = play.words["ab".index(case)]
        request = {
            "channel": "phone",
            "case_type": "complaint",
            "title": f"{title} {WORDS}",
            "content": f"{content} {WORDS}",
            "caller": {"type": "person", "name": NAME, "phone": PHONE, "address": ADDRESS},
            "pack": play.script.pack,
        }
        key = f"{play.label}-{case}"
        while case not in play.numbers:
            with self.log.operation("agent", "requests", "register", request_id("agent", key)) as operation:
                outcome = await self._api.post("agent", "/requests", request, key)
                if outcome.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
                    play.numbers[case] = str(outcome.body["no"])
                    operation.result, operation.process = RECORDED, play.process(case)
                elif 0 < outcome.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise RuntimeError(f"not registered: {outcome.status} {outcome.code}")

    async def _wait(self, play: Play, step: Step) -> None:
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while (found := await self._stage(play, step)) != step.command:
            if asyncio.get_running_loop().time() > until:
                raise TimeoutError(f"{self._process(play, step)} is {found}, not {step.command}")
            await asyncio.sleep(PAUSE_S)

    async def _stage(self, play: Play, step: Step) -> str | None:
        """Read the stage of the step's process; None when it has not begun."""
        if not step.at:
            return await self._read(play, "dispatcher", step.case)
        outcome = await self._api.get(step.who or "dispatcher", f"/proceedings/{self._process(play, step)}")
        return str(outcome.body["stage"]) if outcome.status == HTTPStatus.OK else None

    async def _shows(self, play: Play, step: Step) -> None:
        """Wait until the case shows an order."""
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            outcome = await self._api.get("dispatcher", f"/cases/{play.numbers[step.case]}")
            if any(o["id"] == step.command for o in outcome.body.get("orders", ())):
                return
            if asyncio.get_running_loop().time() > until:
                raise TimeoutError(f"{play.process(step.case)} never showed {step.command}")
            await asyncio.sleep(PAUSE_S)

    async def _waits(self, play: Play, step: Step) -> None:
        """Wait until an item of a process is reserved."""
        until = asyncio.get_running_loop().time() + PATIENCE_S
        while True:
            outcome = await self._api.get("dispatcher", f"/proceedings/{self._process(play, step)}")
            if any(i["id"] == step.command and i["state"] == "reserved" for i in outcome.body.get("items", ())):
                return
            if asyncio.get_running_loop().time() > until:
                raise TimeoutError(f"{step.command} of {self._process(play, step)} never waited for its decision")
            await asyncio.sleep(PAUSE_S)

    def _process(self, play: Play, step: Step) -> str:
        return step.at.replace("{no}", play.numbers[step.case]) if step.at else play.process(step.case)

    async def _read(self, play: Play, who: str, case: str = "a") -> str | None:
        """Read a case as somebody; return its stage, or None when it has not begun."""
        process = play.process(case)
        with self.log.operation(who, process, READ, "") as operation:
            outcome = await self._api.get(who, f"/cases/{play.numbers[case]}")
            if outcome.status != HTTPStatus.OK:
                return None
            operation.result, operation.seq = READ, outcome.body["seq"]
            return str(outcome.body["stage"])

    def _filled(self, play: Play, body: Mapping[str, Any]) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for name, value in body.items():
            given = value
            if isinstance(value, str) and value in {"{no}", "{b}"}:
                given = play.numbers["a" if value == "{no}" else "b"]
            elif value == IN_30_DAYS:
                given = (local_day(datetime.now(UTC)) + timedelta(days=30)).isoformat()
            elif name in TEXTS:
                given = f"{value}（{WORDS}）"
            out[name] = given
        return out


def lines(file: Path) -> list[dict[str, Any]]:
    """Read JSON lines."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
