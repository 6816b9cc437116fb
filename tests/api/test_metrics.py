"""The API's figures: requests by route, and what the journal says is waiting; no number, name or word becomes a label."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from api import metrics_journal
from cli.servers import free_port
from storage.journal import park
from storage.models import EffectRow, table
from storage.unit_of_work import StorageUnavailable
from tests.api.kit import Api


def read(api: Api) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """All samples by name and labels."""
    families = text_string_to_metric_families(api.place.metrics.text().decode())
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for f in families for s in f.samples}


@pytest.fixture(autouse=True)
def always_read_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_journal, "FRESH_S", -1.0)


async def test_requests_are_counted_by_route(light_api: Api) -> None:
    await light_api.take()
    await light_api.http.get("/api/v1/cases/20200101-000001")
    samples = read(light_api)
    labels = (("method", "POST"), ("route", "/requests"), ("status", "201"))
    assert samples["sanhuan_api_requests_total", labels] == 1
    assert all("2020" not in value for _, labels in samples for _, value in labels)


async def test_what_waits_is_told_with_its_age(api: Api) -> None:
    no = await api.dispatched()
    calm = read(api)
    assert calm["sanhuan_journal_up", ()] == 1
    assert calm["sanhuan_processes_behind", ()] == 0
    effect = table(EffectRow)
    with api.database.write() as connection:
        ago = datetime.now(UTC) - timedelta(minutes=10)
        connection.execute(
            update(effect)
            .where(effect.c.process == f"case/{no}", effect.c.kind == "order_message")
            .values(status="planned", planned_at=ago)
        )
        park(connection, f"case/{no}-beside", "heads_differ", ago)
    api.engine.mood = "silent"
    await api.give("liaison.water", no, "sign", order="a1")
    samples = read(api)
    assert samples["sanhuan_effects_owed", (("kind", "order_message"),)] == 2
    assert samples["sanhuan_effects_owed_seconds", ()] >= 600
    assert samples["sanhuan_processes_behind", ()] == 1
    assert samples["sanhuan_processes_parked", ()] == 1
    assert samples["sanhuan_outbox", ()] == 1
    assert ("sanhuan_incidents_open", (("kind", "parked"),)) not in samples


async def test_a_database_that_is_away_is_said_and_breaks_nothing(
    light_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise StorageUnavailable

    monkeypatch.setattr(light_api.database, "read", away)
    samples = read(light_api)
    assert samples["sanhuan_journal_up", ()] == 0
    assert ("sanhuan_outbox", ()) not in samples


async def test_they_are_served_on_a_port_of_their_own_and_a_taken_port_costs_only_them(light_api: Api) -> None:
    port = free_port()
    light_api.place.metrics.serve("127.0.0.1", port)
    async with httpx.AsyncClient() as http:
        assert "sanhuan_journal_up 1.0" in (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    light_api.place.metrics.serve("127.0.0.1", port)
