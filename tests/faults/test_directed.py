"""Faults that need a scene of their own: each with real parts as processes, and what must be seen after it."""

import asyncio
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from domain.casework.commands import Classify
from domain.messages import Decision
from domain.process import Actor
from storage.models import EffectRow, ProcessRow, table
from tests.factories.city import rows
from tests.faults.beside import ledgers
from tests.faults.city import City, copy_database, plan
from tests.faults.people import People, in_loop
from tests.faults.record import read_record
from tests.faults.run import Asked, folder, open_city
from tests.faults.standing import standing

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
OUTAGE_S = 20.0
MOST_EVENTS = 12
PATIENCE_S = 120.0


@pytest.fixture
def place() -> Iterator[Path]:
    with folder() as data:
        yield data


@pytest.fixture(scope="module")
def city(temporal_program: Path) -> Iterator[City]:
    """One city for the scenes that leave it as they found it, but for their cases: each looks at its own."""
    with folder() as data, City.running(plan(data, seed=1)) as found:
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def either_city(request: pytest.FixtureRequest) -> Iterator[City]:
    if request.param == "sqlite":
        yield request.getfixturevalue("city")
        return
    request.getfixturevalue("postgres_server")  # skips where there is none
    data = request.getfixturevalue("place")
    with open_city(Asked(seed=1, postgres=True), data / "city") as found:
        yield found


def row(city: City, no: str) -> Any:
    """The process row of a case."""
    (found,) = rows(city.database, ProcessRow, id=f"case/{no}")
    return found


def eventually(holds: Any, seconds: float = 60.0) -> Any:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < until, "not in time"
        time.sleep(0.1)
    return found


@pytest.fixture
def lone_city(place: Path, temporal_program: Path) -> Iterator[City]:
    with City.running(plan(place, seed=1)) as found:
        yield found


def test_a_journal_restored_to_an_older_backup_parks_and_tells_and_goes_on_when_an_operator_lets_it(
    lone_city: City,
) -> None:
    city = lone_city
    people = People(city.stack.api)
    no = people.take()
    people.do("agent", no, "triage", triage="routine")
    people.do("dispatcher", no, "dispatch", lead="finance")
    file = Path(city.stack.url.removeprefix("sqlite:///"))
    backup = file.with_suffix(".backup")
    copy_database(file, backup)
    at_backup = row(city, no).seq
    people.do("liaison.finance", no, "sign", order="a1", key="lost")
    assert row(city, no).seq > at_backup
    city.stack.kill("api")
    city.stack.kill("worker")
    city.database.close()
    for part in ("-wal", "-shm"):
        file.with_name(file.name + part).unlink(missing_ok=True)
    copy_database(backup, file)
    city.stack.start_again("worker")
    city.stack.start_again("api")

    repeated = People(city.stack.api, patience=5).decide("liaison.finance", no, "sign", order="a1", key="lost")
    assert not repeated.ok, "the workflow remembers it, the journal does not hold it: that is no yes"
    eventually(lambda: row(city, no).parked)
    assert row(city, no).parked == "workflow_ahead"
    refused = people.decide("liaison.finance", no, "contact", order="a1")
    assert (refused.status, refused.code) == (409, "parked"), "it must not fork"
    assert row(city, no).seq == at_backup, "nothing was written"
    incidents = people.get("operator", "/incidents")["items"]
    assert [(i["process"], i["kind"], i["code"]) for i in incidents] == [(f"case/{no}", "parked", "workflow_ahead")]

    restarted = people.post("operator", f"/processes/case/{no}/restart", {})
    assert (restarted.status, restarted.body["engine"]) == (200, True)
    assert people.do("liaison.finance", no, "sign", order="a1", key="lost").ok, "it is decided now, once"
    people.do("liaison.finance", no, "contact", order="a1")
    assert read_record(city.database).events[f"case/{no}"][-1].type == "caller_contacted"
    assert [i for i in people.get("operator", "/incidents")["items"] if i["status"] == "open"] == []
    assert ledgers(city.database) == []


def test_a_database_away_for_twenty_seconds_costs_a_waiting_case_at_most_twelve_events(either_city: City) -> None:
    city = either_city
    people = People(city.stack.api)
    numbers = [people.take() for _ in range(6)]
    for no in numbers:
        eventually(lambda no=no: rows(city.database, ProcessRow, id=f"case/{no}"))
    calm, *waiting = numbers

    async def lengths(cases: list[str]) -> dict[str, int]:
        client = await Client.connect(city.stack.temporal_address)
        handles = {no: client.get_workflow_handle(f"case/{no}") for no in cases}
        return {no: len((await handle.fetch_history()).events) for no, handle in handles.items()}

    async def triage(cases: list[str], away: bool) -> None:
        client = await Client.connect(city.stack.temporal_address, data_converter=pydantic_data_converter)

        async def give(no: str) -> None:
            decision = Decision[Classify](
                id=f"d/direct/{no}",
                actor=Actor(user="agent", role="agent"),
                received_at=datetime.now(UTC),
                body=Classify(triage="routine"),  # type: ignore[arg-type]
            )
            await client.get_workflow_handle(f"case/{no}").execute_update("triage", decision, id=decision.id)

        given = [asyncio.create_task(give(no)) for no in cases]
        if away:
            await asyncio.sleep(OUTAGE_S)
            lock.set()
        await asyncio.wait_for(asyncio.gather(*given), 60)

    in_loop(triage([calm], away=False))
    before = in_loop(lengths(numbers))
    lock, held = threading.Event(), threading.Event()

    def hold() -> None:
        with city.database_away():
            held.set()
            lock.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    in_loop(triage(waiting, away=True))
    holder.join()
    after = in_loop(lengths(waiting))
    added = {no: after[no] - before[no] for no in waiting}
    usual = before[calm] - before[waiting[0]]
    assert all(0 < n - usual <= MOST_EVENTS for n in added.values()), (added, usual)
    assert {row(city, no).seq for no in waiting} == {row(city, calm).seq}


def test_the_relay_brings_within_two_minutes_what_worker_server_and_client_died_of(
    place: Path, temporal_program: Path
) -> None:
    with City.running(plan(place, seed=1, every=30.0, after=60.0)) as city:
        people = People(city.stack.api, patience=3.0)
        no = people.take()
        people.do("agent", no, "triage", triage="routine")
        struck: list[Any] = []

        def die() -> None:
            struck.append(city.wait_for_gap("worker_owing", 1))
            city.stack.kill("temporal")
            city.stack.kill("api")

        fate = threading.Thread(target=die)
        fate.start()
        people.decide("dispatcher", no, "dispatch", lead="street-lights")
        fate.join()
        (strike,) = struck
        assert strike is not None
        assert strike.process == f"case/{no}"
        assert city.owing(strike), "the commit stands, its consequences are owed"
        began = time.monotonic()
        city.stack.start_again("temporal")
        city.stack.start_again("worker")
        eventually(lambda: not city.owing(strike), PATIENCE_S)
        assert time.monotonic() - began <= PATIENCE_S
        city.stack.start_again("api")
        assert {e.status for e in rows(city.database, EffectRow, process=f"case/{no}")} == {"done"}
        assert People(city.stack.api).do("liaison.street-lights", no, "sign", order="a1").status == 200


def test_a_person_whose_api_dies_between_commit_and_answer_is_told_on_asking_again_and_it_happened_once(
    city: City,
) -> None:
    people = People(city.stack.api)
    no = people.take()
    people.do("agent", no, "triage", triage="routine")
    told: list[Any] = []
    click = threading.Thread(target=lambda: told.append(people.do("dispatcher", no, "dispatch", lead="finance")))
    click.start()
    strike = city.wait_for_gap("api", 1)
    assert strike is not None
    stood_at = row(city, no).seq
    assert strike.seq == stood_at, "the commit stood before the API died"
    time.sleep(1)
    assert not told, "nobody has been told"
    city.stack.start_again("api")
    click.join()
    assert (told[0].body["command"], told[0].body["seq"]) == (strike.command, stood_at)
    assert row(city, no).seq == stood_at
    events = read_record(city.database).events[f"case/{no}"]
    assert [e.type for e in events if e.command == strike.command] == told[0].body["events"]


def test_a_result_received_in_time_and_committed_after_the_deadline_is_in_time(city: City) -> None:
    people = People(city.stack.api)
    no = people.take(pack="demo", case_type="consult")
    people.do("agent", no, "triage", triage="routine")
    people.do("dispatcher", no, "dispatch", lead="finance")
    clock = next(c for c in people.get("dispatcher", f"/cases/{no}")["clocks"] if c["key"] == "a1/handle")
    due = datetime.fromisoformat(clock["due"])
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds() - 4))
    city.stack.kill("worker")
    given: list[Any] = []
    submit = threading.Thread(
        target=lambda: given.append(
            people.decide("liaison.finance", no, "submit_result", order="a1", code="explained", reply="已说明")
        )
    )
    submit.start()
    time.sleep(max(0.0, (due - datetime.now(UTC)).total_seconds() + 3))
    city.stack.start_again("worker")
    submit.join()
    assert given[0].ok, given
    found = read_record(city.database)
    (command,) = (c for c in found.commands.values() if (c.name, c.process) == ("submit_result", f"case/{no}"))
    assert command.outcome == "recorded"
    clock = next(c for c in people.get("dispatcher", f"/cases/{no}")["clocks"] if c["key"] == "a1/handle")
    assert clock["overdue_at"] is None or clock["annulled"], clock
    assert ledgers(city.database) == []


def test_effects_of_a_case_whose_workflow_is_terminated_before_they_are_done_are_brought_by_the_relay(
    city: City,
) -> None:
    people = People(city.stack.api)
    no = people.take()
    people.do("agent", no, "triage", triage="routine")
    city.stack.kill("departments")
    people.do("dispatcher", no, "dispatch", lead="street-lights")

    async def terminate() -> None:
        client = await Client.connect(city.stack.temporal_address)
        await client.get_workflow_handle(f"case/{no}").terminate("a fault")

    in_loop(terminate())
    e = table(EffectRow)
    with city.database.read() as connection:
        owed = connection.execute(select(e.c.status).where(e.c.process == f"case/{no}", e.c.kind == "order_message"))
        assert owed.scalars().all() == ["planned"]
    # The relay starts it again, and a run that does not settle would tell what hangs.
    hangs = f"case/{no}: pending"
    told = eventually(
        lambda: [
            line for line in in_loop(standing(city.stack.temporal_address, city.database)) if line.startswith(hangs)
        ]
    )
    assert "departments.send_message" in told[0]
    city.stack.start_again("departments")
    eventually(lambda: {r.status for r in rows(city.database, EffectRow, process=f"case/{no}")} == {"done"}, PATIENCE_S)
