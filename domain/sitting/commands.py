"""The commands of a session. Names are permanent; fields are only added, with a default (law 4)."""

from datetime import date
from typing import Annotated, ClassVar

from pydantic import Field

from domain.holding import ItemId, Units
from domain.limits import UtcInstant
from domain.measures.commands import Evidence, MeasureEnded, MilestoneAsked, SupervisionRefused
from domain.model import Strict
from domain.proceeding import Opening, ProcessId
from domain.process import Code, Command, TextRef
from domain.sitting.words import Kind, SessionLevel

SessionId = Annotated[str, Field(max_length=200, pattern=r"^session/[A-Za-z0-9_.:@/+-]+$")]
SeatedId = Annotated[str, Field(max_length=200, pattern=r"^(case|ring|adjudication)/[A-Za-z0-9_.:@/+-]+$")]
Deputies = Annotated[tuple[Code, ...], Field(max_length=20)]
Invited = Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]


# ------------------------------------------------------------------------------------------------- preparing 筹备


class OpenSession(Opening):
    """A schedule opens it: the sessions of a cadence (M31) have no leader and no matter yet."""

    kind: Kind
    level: SessionLevel
    at: UtcInstant
    leader: Code | None = None
    title: TextRef | None = None


class ScheduleSession(Command):
    """筹备坐诊: the secretary opens it (M11). Refused: ``session_district``, ``not_your_district``, ``instant_not_ahead``."""

    NAME: ClassVar[str] = "schedule_session"
    kind: Kind
    level: SessionLevel
    at: UtcInstant
    leader: Code
    district: Code | None = None
    title: TextRef | None = None


class AppointLeader(Command):
    """确定坐诊领导: who sits, or who sits in for him. After the meeting only the city office says so."""

    NAME: ClassVar[str] = "appoint_leader"
    leader: Code
    reason: TextRef | None = None


class AddItem(Command):
    """列入议程: the secretary puts a matter on the agenda; its holder is asked for it.

    Refused: ``not_for_this_session``: a 明责会 takes items of adjudications (``matter`` is the item there), others do not.
    """

    NAME: ClassVar[str] = "add_item"
    holder: SeatedId
    matter: Code | None = None


class ProposeItem(Command):
    """A case or a ring puts its matter on the agenda, or another session carries it over (``instead_of``).

    Refused: ``agenda_closed`` once the units are invited, ``item_on_agenda``, ``agenda_full``.
    """

    NAME: ClassVar[str] = "propose_item"
    holder: ProcessId
    reserved: bool = False
    matter: Code | None = None
    case: Code | None = None
    unit: Code | None = None
    district: Code | None = None
    catalogue_item: Code | None = None
    instead_of: ProcessId | None = None


class DropItem(Command):
    """移出议程, with a reason: its holder is free."""

    NAME: ClassVar[str] = "drop_item"
    item: ItemId
    reason: TextRef


class AttachPapers(Command):
    """会议材料: papers on an item, for the leader and the units (M11: a secretary keeps papers)."""

    NAME: ClassVar[str] = "attach_papers"
    item: ItemId
    documents: Evidence
    note: TextRef


class CallSession(Command):
    """通知参会: the units are invited, the agenda is closed.

    Refused: ``leader_missing``, ``agenda_empty``, ``instant_not_ahead``, ``unknown_unit``.
    """

    NAME: ClassVar[str] = "call_session"
    units: Invited


class AnswerInvitation(Command):
    """参会回执: the unit comes, sends a deputy, or says why it does not. Refused: ``not_invited``, ``reason_needed``."""

    NAME: ClassVar[str] = "answer_invitation"
    unit: Code
    attends: bool
    deputy: TextRef | None = None
    reason: TextRef | None = None


class PostponeSession(Command):
    """改期: another instant, with a reason. Agenda, papers and invitations stay; the units answer anew."""

    NAME: ClassVar[str] = "postpone_session"
    at: UtcInstant
    reason: TextRef


class CancelSession(Command):
    """取消, before the units are invited: all items are let go."""

    NAME: ClassVar[str] = "cancel_session"
    reason: TextRef


# ------------------------------------------------------------------------------------------------------- the meeting


class RecordAttendance(Command):
    """到会登记: every invited unit is present, has sent a deputy, or is absent.

    Refused: ``session_not_due``, ``attendance_incomplete``.
    """

    NAME: ClassVar[str] = "record_attendance"
    present: Deputies = ()
    deputies: Deputies = ()
    absent: Deputies = ()


class MeasureAsked(Strict):
    """措施: what a unit must do by when, with milestones on the way."""

    unit: Code
    what: TextRef
    due: date
    milestones: Annotated[tuple[MilestoneAsked, ...], Field(max_length=20)] = ()


class GiveOpinion(Command):
    """终诊: the opinion on an item. The leader's own word binds at once, the secretary's when the leader has confirmed it.

    Refused: ``not_the_leader``, ``recusal``, ``unknown_unit``, ``unit_named_twice``, ``co_without_lead``, ``date_not_ahead``,
    ``milestone_after_due``.
    """

    NAME: ClassVar[str] = "give_opinion"
    item: ItemId
    lead: Code | None = None
    co: Units = ()
    basis: TextRef
    extra_days: Annotated[int, Field(ge=0, le=120)] = 0
    measures: Annotated[tuple[MeasureAsked, ...], Field(max_length=20)] = ()

    @property
    def measure_units(self) -> tuple[str, ...]:
        """The units of the measures."""
        return tuple(m.unit for m in self.measures)


class ConfirmOpinion(Command):
    """签发终诊: the leader puts his name to what the secretary wrote down. Refused: ``no_opinion_pending``, ``four_eyes``."""

    NAME: ClassVar[str] = "confirm_opinion"
    item: ItemId


class CarryOver(Command):
    """结转: an item that was not reached goes on the agenda of another session. Refused: ``same_session``."""

    NAME: ClassVar[str] = "carry_over"
    item: ItemId
    to: SessionId


class CarryRefused(Command):
    """The other session does not take it."""

    NAME: ClassVar[str] = "carry_refused"
    item: ItemId
    code: str


class RecordMinutes(Command):
    """会议纪要: the meeting is over. Refused: ``items_left`` while an item has neither an opinion nor another way."""

    NAME: ClassVar[str] = "record_minutes"
    minutes: TextRef


# -------------------------------------------------------------------------------------------------------- executing 落实


class NoteExecution(Command):
    """批示: what the leader read of the execution, and what he says to it (M31), on one measure or on all."""

    NAME: ClassVar[str] = "note_execution"
    note: TextRef
    measure: ProcessId | None = None


class SuperviseItem(Command):
    """督办: a measure of the opinion was given up; its unit is put under supervision. Refused: ``nothing_to_supervise``."""

    NAME: ClassVar[str] = "supervise_item"
    measure: ProcessId
    note: TextRef


class MeasureRefused(Command):
    """A measure did not begin."""

    NAME: ClassVar[str] = "measure_refused"
    measure: ProcessId
    code: str


COMMANDS: tuple[type[Command], ...] = (
    OpenSession, ScheduleSession, AppointLeader, AddItem, ProposeItem, DropItem, AttachPapers, CallSession,
    AnswerInvitation, PostponeSession, CancelSession, RecordAttendance, GiveOpinion, ConfirmOpinion, CarryOver,
    CarryRefused, RecordMinutes, NoteExecution, SuperviseItem, MeasureEnded, MeasureRefused, SupervisionRefused,
)  # fmt: skip
