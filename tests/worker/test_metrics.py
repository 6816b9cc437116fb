"""A worker's figures: every commit, refusal, fallback, activity and signal of the relay is counted, and no number is a label."""

import asyncio
from contextlib import suppress
from typing import Any

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families
from temporalio.client import Client

from storage.unit_of_work import Database, StorageUnavailable
from tests.factories.city import found_city, take_request
from tests.factories.engine import Engine, LiveCase, engine_on, until
from worker.metrics import OTHER, Codes
from worker.relay import Relay
from worker.settings import WorkerSettings


def read(engine: Engine) -> dict[str, dict[tuple[str, ...], float]]:
    """Samples by name and by the values of their labels."""
    out: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(generate_latest(engine.team.metrics.registry).decode()):
        for sample in family.samples:
            labels = tuple(sample.labels[k] for k in sorted(sample.labels))
            out.setdefault(sample.name, {})[labels] = sample.value
    return out


async def test_commits_refusals_and_effects_are_counted(client: Client, database: Database) -> None:
    async with engine_on(client, database) as engine:
        case = await (await engine.case()).dispatched()
        assert await case.refuses("sign", unit="roads", order="a1") == "not_permitted"
        await case.settled()
        samples = read(engine)
        commits = samples["sanhuan_commits_total"]
        assert commits["dispatch", "case", "recorded"] == 1
        assert commits["triage", "case", "recorded"] == 1
        assert commits["sign", "case", "refused"] == samples["sanhuan_refusals_total"]["not_permitted",] == 1
        assert samples["sanhuan_commit_seconds_count"]["local",] == sum(commits.values())
        assert samples["sanhuan_commit_fallbacks_total"][()] == 0
        text = generate_latest(engine.team.metrics.registry).decode()
        assert case.no not in text
        assert "water" not in text


async def test_a_database_that_is_away_shows_as_fallbacks(client: Client, sqlite_url: str, monkeypatch: Any) -> None:
    database = Database(sqlite_url)
    found_city(database)
    async with engine_on(client, database, replay=False) as engine:
        case = await (await engine.case()).opened()
        real = engine.team.shared.database.write

        def away() -> Any:
            raise StorageUnavailable("away")

        monkeypatch.setattr(engine.team.shared.database, "write", away)
        given = asyncio.create_task(case.give("triage", triage="routine"))
        await until(lambda: read(engine)["sanhuan_commit_fallbacks_total"][()] >= 1)
        monkeypatch.setattr(engine.team.shared.database, "write", real)
        await given
        assert read(engine)["sanhuan_commits_total"]["triage", "case", "StorageUnavailable"] >= 3
    database.close()


async def test_the_relay_counts_what_it_finds_and_brings(client: Client, database: Database) -> None:
    async with engine_on(client, database) as engine:
        no = take_request(database, await engine.now())
        case = LiveCase(engine, no)
        engine.cases.append(case)
        settings = WorkerSettings(database_url=database.url, deliver_after=-1.0)
        relay = Relay(database, client, settings, engine.team.metrics)
        assert await relay.round() == 1
        await case.opened()
        samples = read(engine)
        assert samples["sanhuan_relay_signals_total"]["requests",] == 1
        assert samples["sanhuan_relay_found"]["requests",] == 1
        other = Relay(database, client, settings, engine.team.metrics)
        assert await other.round() == 0
        samples = read(engine)
        assert samples["sanhuan_relay_rounds_total"] == {("done",): 1, ("elsewhere",): 1}


async def test_a_round_that_fails_is_counted(client: Client, database: Database, monkeypatch: Any) -> None:
    async with engine_on(client, database) as engine:
        relay = Relay(database, client, WorkerSettings(relay_every=0.01), engine.team.metrics)

        def away() -> Any:
            raise StorageUnavailable("away")

        monkeypatch.setattr(database, "write", away)
        running = asyncio.create_task(relay.run())
        await until(lambda: read(engine).get("sanhuan_relay_rounds_total", {}).get(("failed",), 0) >= 2)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


def test_codes_become_labels_only_while_they_are_few_and_look_like_ours() -> None:
    codes = Codes(most=2)
    assert [codes.label(c) for c in ("four_eyes", "张三", "139 0000", None, "parked", "third", "four_eyes")] == [
        "four_eyes",
        OTHER,
        OTHER,
        OTHER,
        "parked",
        OTHER,
        "four_eyes",
    ]
