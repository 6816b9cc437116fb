"""The messages of the interface: what Sanhuan tells a department system, what that answers (CloudEvents 1.0, JSON)."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Loose(BaseModel):
    """A message of a foreign system: unknown fields are none of our business."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OrderData(_Loose):
    """What a message is about. Fields that a unit may not know are simply absent."""

    case: str
    order: str
    unit: str
    what: str
    role: str = "lead"
    triage: str | None = None
    no_return: bool = False
    cycle: int = 1
    answers_to: str | None = None
    title: str | None = None


class OrderMessage(_Loose):
    """A CloudEvent ``cn.sanhuan.order.<what>``."""

    specversion: str = Field(pattern=r"^1\.0$")
    id: str = Field(min_length=1)
    source: str = Field(min_length=1)
    type: str = Field(min_length=1)
    data: OrderData


def answer(unit: str, case: str, order: str, command: str, body: dict[str, Any], message: str) -> dict[str, Any]:
    """Return the CloudEvent that answers about an order. ``message`` is its id, the same at every attempt."""
    return {
        "specversion": "1.0",
        "id": message,
        "source": f"/departments/{unit}",
        "type": f"cn.sanhuan.answer.{command}",
        "subject": f"case/{case}",
        "time": datetime.now(UTC).isoformat(),
        "datacontenttype": "application/json",
        "data": {"case": case, "order": order, "command": command, "body": body},
    }
