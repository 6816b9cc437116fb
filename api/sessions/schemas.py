"""What signing in takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, StringConstraints

from domain.model import Strict


class SignIn(Strict):
    """User and password. ``cookie`` asks for the session in a cookie too, for pages."""

    user: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    cookie: bool = False


class Me(BaseModel):
    """Who is signed in."""

    user: str
    name: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]
    unit: str | None
    district: str | None


class SessionOut(BaseModel):
    """A session: the token is shown once. ``csrf`` is what pages send as ``X-CSRF-Token``."""

    token: str
    expires_at: datetime
    csrf: str
    user: Me
