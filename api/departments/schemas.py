"""What a department system sends: a CloudEvent (1.0, JSON) about one order."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.words import CaseNo
from domain.casework.commands import OrderId
from domain.model import Strict

Name = Annotated[str, StringConstraints(min_length=1, max_length=300)]

COMMANDS: Final = frozenset(
    {
        "sign",
        "contact",
        "begin_work",
        "report_progress",
        "submit_result",
        "request_return",
        "request_extension",
        "request_pause",
        "resume",
        "request_on_account",
        "request_strike_off",
        "hand_down",
        "recall_order",
        "give_back",
        "review_report",
    }
)
"""What a department system may say; all else takes a person."""


class AnswerData(Strict):
    """The order it is about, the command, and the command's own fields."""

    case: CaseNo
    order: OrderId
    command: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    body: dict[str, Any] = Field(default_factory=dict)


class Answer(BaseModel):
    """A CloudEvent. Extension attributes are allowed and ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Name
    subject: Name | None = None
    time: Name | None = None
    datacontenttype: Literal["application/json"] = "application/json"
    data: AnswerData


EXAMPLE: Final[dict[str, Any]] = {
    "specversion": "1.0",
    "id": "0c2f6c",
    "source": "/units/housing",
    "type": "cn.sanhuan.answer.submit_result",
    "data": {
        "case": "20260105-000001",
        "order": "a1",
        "command": "submit_result",
        "body": {"code": "solved", "reply": "已修复", "documents": []},
    },
}


class OrderMessage(BaseModel):
    """What we send to a department system, as the ``data`` of a CloudEvent ``cn.sanhuan.order.{what}``.

    Its id is the effect's: it never changes however often it is sent. ``answers_to`` is where the answer goes.
    """

    case: str
    order: str
    unit: str
    role: str
    what: Literal[
        "order_sent",
        "order_recalled",
        "due_changed",
        "sent_back",
        "return_denied",
        "order_locked",
        "result_accepted",
        "result_waived",
        "extension_granted",
        "extension_denied",
        "extension_denied_late",
        "pause_granted",
        "pause_denied",
        "on_account_granted",
        "on_account_denied",
        "on_account_kept",
        "on_account_ended",
        "strike_off_denied",
        "report_submitted",
        "order_given_back",
        "closed_on_spot",
        "yellow_card",
        "red_card",
        "overdue",
    ]
    case_type: str
    triage: str | None
    cycle: int
    no_return: bool
    due: str | None
    rule: str | None
    calendar: str | None
    answers_to: str
    texts: list[str]
    title: str | None = None
    content: str | None = None
    place: str | None = None
    caller: dict[str, str | None] | None = None
