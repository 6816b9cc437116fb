"""What a unit is told about its order: a CloudEvent with what it needs to act, and no more."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from domain import snapshots
from domain.case import DECIDER
from domain.casework.state import Case
from domain.casework.words import GONE
from domain.disclosure import Field, disclosure
from domain.process import Actor
from storage import effects
from storage.effects import Owed


def compose(connection: Connection, effect: Owed, now: datetime) -> dict[str, Any] | None:
    """Return the CloudEvent for an effect; None for an order that was taken back before it could be sent.

    Disclosure decides, as things stand now, what a unit is told. Reading the caller's contact leaves an audit row.
    """
    case: Case = snapshots.look(DECIDER, effects.snapshot(connection, effect.process)).state
    body = effect.body
    order = case.orders[body["order"]]
    words = effects.request_words(connection, case.no)
    handle = case.clocks.get(f"{order.id}/handle")
    data: dict[str, Any] = {
        "case": case.no,
        "order": order.id,
        "unit": order.unit,
        "role": str(order.role),
        "what": body["what"],
        "case_type": str(case.case_type),
        "triage": str(case.triage) if case.triage else None,
        "cycle": order.cycle,
        "no_return": order.no_return,
        "due": handle.clock.due.isoformat() if handle and handle.clock.due else None,
        "rule": f"{handle.clock.rule}@{handle.clock.rule_version}" if handle else None,
        "calendar": handle.clock.calendar if handle else None,
        "answers_to": f"/api/v1/departments/{order.unit}/answers",
        "texts": list(effects.texts(connection, body.get("texts", [])).values()),
    }
    if words is not None and body["what"] == "order_sent":
        if order.state in GONE:
            return None
        fields = disclosure(case, Actor(user=f"unit:{order.unit}", role="unit_liaison", unit=order.unit))
        data |= {"title": words.title, "content": words.content, "place": words.place}
        if Field.caller_phone in fields:
            contact = effects.contact_for_delivery(connection, case.no, order.unit, effect.id, now)
            data["caller"] = {"name": contact.name, "phone": contact.phone} if contact else None
    return {
        "specversion": "1.0",
        "id": effect.id,
        "type": f"cn.sanhuan.order.{body['what']}",
        "source": "/sanhuan",
        "subject": effect.process,
        "time": now.astimezone(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
