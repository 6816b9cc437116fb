"""The two base models every value of the domain is made of.

Values are frozen: a rule returns new ones. What is stored (events, states) ignores fields it does not know, so that an older
release can read what a newer one wrote; what comes from people forbids them, so that a typing error is refused at the door.
"""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """A frozen value that is stored: unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Strict(BaseModel):
    """A frozen value that somebody typed: unknown fields are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid")
