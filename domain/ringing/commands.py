"""The commands of a ring. Names are permanent; fields are only added, with a default (law 4)."""

from datetime import date
from typing import Annotated, ClassVar, Final

from pydantic import Field

from domain import agenda, holding
from domain.agenda import Entry
from domain.casework.commands import Documents
from domain.holding import Units
from domain.proceeding import Opening, ProcessId
from domain.process import Code, Command, TextRef
from domain.ringing.words import Level, RingKind

SomeUnits = Annotated[tuple[Code, ...], Field(min_length=1, max_length=20)]
Candidates = Annotated[tuple[Code, ...], Field(min_length=2, max_length=12)]
Days = Annotated[int, Field(ge=0, le=120)]
Score = Annotated[int, Field(ge=1, le=5)]
"""1 is the worst, 5 the best."""


# ------------------------------------------------------------------------------------------------------- opening, answer


class OpenRing(Opening):
    """A case comes up: from its unit, or (``instead_of`` of the entry) from the middle ring.

    ``reporter`` reports up or whistles; ``matter`` is what makes two cases the same matter (事项标识), where it has one.
    """

    case: Code
    level: Level
    kind: RingKind
    reporter: Code | None = None
    reason: TextRef | None = None
    tried: TextRef | None = None
    matter: Code | None = None
    entries: Annotated[tuple[Entry, ...], Field(min_length=1, max_length=1)]


class AnswerReport(Command):
    """答复直报: the ring takes the case up, or refuses it with a reason; then the next one up decides (domain.md 11.15)."""

    NAME: ClassVar[str] = "answer_report"
    accept: bool
    reason: TextRef | None = None


class Escalate(Command):
    """提级: the middle ring gives the case to the large ring, with a reason (M02)."""

    NAME: ClassVar[str] = "escalate"
    reason: TextRef


# -------------------------------------------------------------------------------------------------------- 吹哨报到 units


class WhistleUnits(Command):
    """点名单位: call units to report in (M02, M03; Beijing Art. 16)."""

    NAME: ClassVar[str] = "whistle_units"
    units: SomeUnits
    note: TextRef | None = None


class NameLead(Command):
    """明确牵头单位: the city office names the lead and calls it and the other units in 市直报到 (M03). Large ring only."""

    NAME: ClassVar[str] = "name_lead"
    lead: Code
    units: Units = ()
    note: TextRef | None = None


class ReportIn(Command):
    """报到: the unit is on the spot."""

    NAME: ClassVar[str] = "report_in"
    unit: Code
    note: TextRef | None = None


class RefuseReportIn(Command):
    """拒绝报到: the unit does not come, and why. The convener may call it again."""

    NAME: ClassVar[str] = "refuse_report_in"
    unit: Code
    reason: TextRef


# ------------------------------------------------------------------------------------------------------------- measures


class RecordSurvey(Command):
    """现场勘查: what was seen on the spot and who was there; photos are documents. There may be a second one (M02, M43)."""

    NAME: ClassVar[str] = "record_survey"
    findings: TextRef
    documents: Documents = ()
    units: Units = ()


class StartConsultation(Command):
    """集中会商: the candidates consult on who owns the matter (M02). What they agree on is this ring's verdict."""

    NAME: ClassVar[str] = "start_consultation"
    candidates: Candidates
    question: TextRef


class AskRuling(Command):
    """提请明责: the adjudication group rules who owns the matter; it may be asked at any ring (domain.md 18)."""

    NAME: ClassVar[str] = "ask_ruling"
    candidates: Candidates
    question: TextRef


class ListSupervision(Command):
    """挂牌督办: put a unit on the supervision list (M02, M29)."""

    NAME: ClassVar[str] = "list_supervision"
    unit: Code
    note: TextRef


class FormTaskForce(Command):
    """组建专班: a joint team with a lead (M35). In an enclave 飞地 also territory, industry department and state firm (M26)."""

    NAME: ClassVar[str] = "form_task_force"
    lead: Code
    members: Units = ()
    territory: Code | None = None
    industry: Code | None = None
    firm: Code | None = None
    task: TextRef


class SetPlan(Command):
    """制定措施: what a unit has to do until when; each is a measure 台账项 of its own."""

    NAME: ClassVar[str] = "set_plan"
    unit: Code
    what: TextRef
    due: date


# --------------------------------------------------------------------------------------------- sessions, standing meeting


class AskSession(Command):
    """提请领导坐诊: the convener wants the matter on a leader's agenda; of the district, or of the city."""

    NAME: ClassVar[str] = "ask_session"
    note: TextRef


class EnterSession(Command):
    """列入坐诊: the secretary enters the matter into a session whose agenda is open."""

    NAME: ClassVar[str] = "enter_session"
    session: Code


class ReferStandingMeeting(Command):
    """提请市政府常务会议, for what does not end (Beijing Art. 20; Jinan Art. 29; Weifang Art. 23). Large ring only."""

    NAME: ClassVar[str] = "refer_standing_meeting"
    reason: TextRef


class RecordStandingMeeting(Command):
    """登记常务会议决定: recorded by somebody else than who referred it. It is a ruling, and concludes the ring."""

    NAME: ClassVar[str] = "record_standing_meeting"
    lead: Code
    co: Units = ()
    basis: TextRef
    extra_days: Days = 0
    documents: Documents = ()


class Conclude(Command):
    """确定承办: the convener names lead and co-units, on what basis and with how much more time; the case is told."""

    NAME: ClassVar[str] = "conclude"
    lead: Code
    co: Units = ()
    basis: TextRef
    extra_days: Days = 0


# --------------------------------------------------------------------------------------------------------- 双考核 rating


class RateUnits(Command):
    """评价报到单位: who whistled or reported up rates one unit that was called (Beijing Art. 16, 33)."""

    NAME: ClassVar[str] = "rate_units"
    unit: Code
    arrival: Score
    effort: Score
    note: TextRef


class RateWhistle(Command):
    """评价吹哨: a unit that reported in says whether the call was justified (Beijing Art. 16, 33)."""

    NAME: ClassVar[str] = "rate_whistle"
    unit: Code
    justified: Score
    note: TextRef


# ----------------------------------------------------------------------------------------------------- machine messages


class RingStartRefused(Command):
    """A process that this ring wanted to begin did not begin."""

    NAME: ClassVar[str] = "ring_start_refused"
    process: ProcessId
    code: str


class SessionRefused(Command):
    """The session does not take the matter."""

    NAME: ClassVar[str] = "session_refused"
    session: Code
    code: str


class UnitFinished(Command):
    """The case has accepted the result of a unit."""

    NAME: ClassVar[str] = "unit_finished"
    unit: Code


class CaseOver(Command):
    """The case is closed, or all work on it is done and its callers are called."""

    NAME: ClassVar[str] = "case_over"
    code: Code


class MeasureEnded(Command):
    """A measure of the plan was struck off 销号, or given up."""

    NAME: ClassVar[str] = "measure_ended"
    measure: Code
    outcome: Code


COMMANDS: Final[tuple[type[Command], ...]] = (
    OpenRing, AnswerReport, Escalate,
    WhistleUnits, NameLead, ReportIn, RefuseReportIn,
    RecordSurvey, StartConsultation, AskRuling, ListSupervision, FormTaskForce, SetPlan,
    AskSession, EnterSession, ReferStandingMeeting, RecordStandingMeeting, Conclude,
    RateUnits, RateWhistle,
    RingStartRefused, SessionRefused, UnitFinished, CaseOver, MeasureEnded,
    *holding.TO_HOLDER, *agenda.COMMANDS,
)  # fmt: skip
