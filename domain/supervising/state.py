"""The state of a supervision, and what each event changes in it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.answering.state import missed
from domain.keeping import Running
from domain.model import Model
from domain.proceeding import Proceeding, opened
from domain.supervising import events as ev
from domain.supervising.words import CLOCKS, Cause, Level, Stage, Trigger


class Reply(Model):
    """What the unit said, when, and whether it was found to be met."""

    by: str
    at: datetime
    reply: str
    documents: tuple[str, ...] = ()


class Supervision(Proceeding):
    """One level of supervision of one unit in one matter."""

    level: Level = Level.urge
    unit: str = ""
    matter: str = ""
    trigger: Trigger = Trigger.supervisor
    case: str | None = None
    note: str | None = None
    issuer: str | None = None
    reply: Reply | None = None
    visited_by: str | None = None
    next: str | None = None
    cause: Cause | None = None
    reopened: int = 0

    @property
    def id(self) -> str:
        """The process id."""
        return f"supervision/{self.no}"

    @property
    def claim(self) -> str:
        """At most one open supervision per matter and level (督查条例 Art. 15)."""
        return claim(self.matter, self.level)

    @property
    def ack(self) -> Running | None:
        """The clock of the acknowledgement."""
        return self.clock(CLOCKS[self.level][0])

    @property
    def answer(self) -> Running | None:
        """The clock of the reply."""
        return self.clock(CLOCKS[self.level][1])

    @property
    def must_be_visited(self) -> bool:
        """Whether somebody has to go to the spot before this can be lifted."""
        return self.level is Level.on_site and self.visited_by is None

    def beside(self, level: Level) -> str:
        """Return the id of the process that carries this matter on at another level: one for each time this one does."""
        again = f"-{self.reopened + 1}" if self.reopened else ""
        return f"supervision/{self.matter}/{level}/{self.no.rpartition('/')[2]}.{self.level}{again}"


def claim(matter: str, level: Level) -> str:
    """Return the key under which a matter is supervised at a level."""
    return f"supervision/{matter}/{level}"


__all__ = ["CHANGES", "Reply", "Supervision", "claim", "missed"]

# ------------------------------------------------------------------------------------------------------------------ apply


def _at(stage: Stage) -> Callable[[Any, Any, datetime], Supervision]:
    def change(state: Supervision, _event: Any, at: datetime) -> Supervision:
        return state.model_copy(update={"stage": str(stage), "since": at})

    return change


def _issued(state: Supervision, e: ev.SupervisionIssued, at: datetime) -> Supervision:
    about = {name: getattr(e, name) for name in ("level", "unit", "matter", "trigger", "case", "note", "issuer")}
    found: Supervision = opened(state, e, at, stage=str(Stage.issued), **about)
    return found


def _replied(state: Supervision, e: ev.SupervisionReplied, at: datetime) -> Supervision:
    reply = Reply(by=e.by, at=at, reply=e.reply, documents=e.documents)
    return state.model_copy(update={"reply": reply, "stage": str(Stage.replied), "since": at})


def _raised(state: Supervision, e: ev.SupervisionRaised, at: datetime) -> Supervision:
    return state.model_copy(update={"next": e.process, "cause": e.cause, "stage": str(Stage.raised), "since": at})


def _next_refused(state: Supervision, e: ev.SupervisionNextRefused, _at: datetime) -> Supervision:
    return state.model_copy(update={"next": None}) if state.next == e.process else state


def _reopened(state: Supervision, _e: ev.SupervisionReopened, _at: datetime) -> Supervision:
    return state.model_copy(update={"next": None, "cause": None, "reopened": state.reopened + 1})


CHANGES: Final[Mapping[str, Callable[[Any, Any, datetime], Any]]] = {
    ev.SupervisionIssued.TYPE: _issued,
    ev.SupervisionAcknowledged.TYPE: _at(Stage.acknowledged),
    ev.SupervisionReplied.TYPE: _replied,
    ev.SupervisionSiteVisited.TYPE: lambda s, e, _at: s.model_copy(update={"visited_by": e.by}),
    ev.SupervisionVerified.TYPE: _at(Stage.unmet),
    ev.SupervisionRaised.TYPE: _raised,
    ev.SupervisionNextRefused.TYPE: _next_refused,
    ev.SupervisionReopened.TYPE: _reopened,
    ev.SupervisionLifted.TYPE: _at(Stage.lifted),
    ev.SupervisionProposed.TYPE: _at(Stage.proposed),
    ev.SupervisionWithdrawn.TYPE: _at(Stage.withdrawn),
    ev.SupervisionAnnulled.TYPE: _at(Stage.withdrawn),
}
