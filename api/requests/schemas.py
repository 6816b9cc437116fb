"""What intake takes and gives."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.words import Line, UnitCode
from domain.casework.words import CallerType, CaseType, Channel, Grade
from domain.model import Strict

Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9+()#* -]{3,40}$", max_length=40)]


class CallerIn(Strict):
    """诉求人. An anonymous caller has no name, phone or address."""

    type: CallerType = CallerType.person
    name: Annotated[Line, Field(max_length=120)] | None = None
    phone: Phone | None = None
    address: Annotated[Line, Field(max_length=400)] | None = None

    @model_validator(mode="after")
    def _anonymous(self) -> "CallerIn":
        if self.type is CallerType.anonymous and (self.name or self.phone or self.address):
            raise PydanticCustomError("anonymous_has_no_data", "an anonymous caller has no data")
        return self


class RequestIn(Strict):
    """One request as one caller made it once."""

    channel: Channel
    case_type: CaseType
    title: Line
    content: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
    place: Line | None = None
    district: UnitCode | None = None
    street: UnitCode | None = None
    caller: CallerIn = CallerIn(type=CallerType.anonymous)
    grade: Grade = Grade.grade_normal
    confidential: bool = False
    reply_preference: Literal["phone", "sms", "letter", "none"] = "phone"
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")] = "zh"
    source: Annotated[Line, Field(max_length=120)] | None = None
    pack: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")] | None = None


EXAMPLE: dict[str, Any] = {
    "channel": "phone",
    "case_type": "complaint",
    "title": "楼下路灯不亮",
    "content": "小区门口的路灯已经三天不亮，晚上出入不便。",
    "place": "和风路与听海街交叉口",
    "caller": {"type": "person", "name": "来电人", "phone": "000-0000"},
}


class Registered(BaseModel):
    """The receipt of a request: its number, and the process that works on it."""

    no: str
    process: str
    received_at: datetime


class CallerOut(BaseModel):
    """A caller as disclosed: fields that are not disclosed are null."""

    type: str
    name: str | None = None
    phone: str | None = None
    address: str | None = None


class RequestOut(BaseModel):
    """A request as disclosed to its reader. ``disclosed`` names the fields of the caller he may read."""

    no: str
    process: str
    received_at: datetime
    channel: str
    case_type: str
    grade: str
    confidential: bool
    reply_preference: str
    language: str
    source: str | None
    district: str | None
    street: str | None
    title: str
    content: str
    place: str | None
    caller: CallerOut
    disclosed: tuple[str, ...]


class Similar(BaseModel):
    """A request with the same words."""

    no: str
    process: str
    received_at: datetime
    stage: str | None
    main_case: str | None
    open: bool
    exact: bool


class SimilarList(BaseModel):
    """Requests that say the same, the earliest first. ``lead`` is the earliest open case another may be merged into."""

    items: tuple[Similar, ...]
    lead: str | None
