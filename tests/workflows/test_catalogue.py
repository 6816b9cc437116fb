"""更新目录 on the engine: a consultation that has ended is asked once more, and its catalogue item has a new version, once."""

from sqlalchemy import select

from storage import city
from storage.models import EffectRow, ItemVersionRow, table
from tests.factories.city import rows
from tests.factories.engine import Engine, LiveProcess, until


async def test_a_consultation_that_is_over_still_teaches_the_catalogue(engine: Engine) -> None:
    with engine.database.write() as connection:
        city.put_item(connection, code="lamp", version="1", name_zh="路灯", name_en="Lamps", owner="parks")
    case = await engine.case()
    await case.opened()
    await case.give("triage", triage="disputed", item="lamp")
    await case.give("call_consultation", matter="m1", candidates=("water", "roads"))
    asked = LiveProcess(engine, f"consultation/{case.no}-m1")
    await asked.opened()
    await asked.give("state_opinion", unit_="water", item="i1", unit="water", opinion="mine")
    await asked.give("state_opinion", unit_="roads", item="i1", unit="roads", opinion="joint")
    await until(lambda: "item_applied" in asked.types())
    assert await asked.handle.result() == "closed"
    await asked.keep()
    said = {"item": "i1", "catalogue_item": "lamp", "version": "1", "user_": "keeper"}
    receipt = await asked.give("amend_catalogue", **said)
    assert receipt.events == ("catalogue_amended",)
    assert await asked.handle.result() == "closed"
    (version,) = rows(engine.database, ItemVersionRow)
    assert (version.version, version.owner, version.co, version.process) == ("1+1", "water", ["roads"], asked.process)
    with engine.database.read() as connection:
        e = table(EffectRow)
        owed = connection.execute(select(e.c.status).where(e.c.kind == "catalogue")).scalars().all()
    assert owed == ["done"]
