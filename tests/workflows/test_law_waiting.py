"""Laws 1 and 6 on the engine: one id takes effect once, whichever way and however often it comes."""

import asyncio

from domain.messages import Message
from tests.factories.engine import Engine, Refused, envelope_of


async def test_an_update_repeated_with_the_same_id_gets_the_same_receipt(either_engine: Engine) -> None:
    case = await (await either_engine.case()).opened()
    decision = await case.decision("triage", triage="routine")
    first = await case.send("triage", decision)
    again = await case.send("triage", decision)
    assert again == first
    assert case.types().count("triaged") == 1


async def test_an_update_and_the_relays_signal_of_one_decision_take_effect_once(either_engine: Engine) -> None:
    case = await (await either_engine.case()).opened()
    decision = await case.decision("triage", triage="routine")
    message = Message(envelope=envelope_of("triage", decision, case.process))
    _, receipt, _ = await asyncio.gather(
        case.handle.signal("decide", message), case.send("triage", decision), case.handle.signal("decide", message)
    )
    assert receipt.stage == "triaged"
    assert "triaged" in receipt.events
    await case.settled()
    assert case.types().count("triaged") == 1
    assert case.row().seq == len(case.events())


async def test_two_people_who_decide_at_one_moment_are_put_in_one_order(either_engine: Engine) -> None:
    case = await (await either_engine.case()).opened()
    await case.give("triage", triage="routine")
    units = ("water", "roads", "parks")
    results = await asyncio.gather(*(case.give("dispatch", lead=u) for u in units), return_exceptions=True)
    refused = [r for r in results if isinstance(r, Refused)]
    assert [r.code for r in refused] == ["not_in_this_stage"] * 2
    assert case.types().count("order_sent") == 1
    await case.settled()
