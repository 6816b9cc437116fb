"""政策包: the limits, ladders and proofs of one city as one versioned value, each number with its source.

A pack answers *which rule holds*; how a limit runs is clock.py. A case pins its pack when it opens (``Terms``), with
the limits of every triage class, so that a case that turns urgent keeps its pack. The YAML files and how they derive
from one another are under domain/policies/; storage/policies.py reads them, domain/derivation.py resolves them.

Source texts say ``our default`` where no article or document gives the number (domain.md §0.1).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self, TypeAlias, TypeVar

from pydantic import Field, model_validator

from domain.calendar import ONE_DAY, Calendar, local_day, midnight
from domain.clock import ClockRule, Hours, Limit, Unit, UtcInstant, Warn
from domain.derivation import scaled
from domain.model import Model

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

_T = TypeVar("_T")

ANY: Final = "any"
"""The row of a table that holds where no more special row stands."""


class PolicyError(LookupError):
    """A question about a rule, class or code the pack does not have. ``code`` is stable."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the stable code beside the text."""
        super().__init__(message)
        self.code = code


class Label(Model):
    """What people read."""

    zh: str
    en: str


class LimitEntry(Model):
    """A limit with its source. ``nominal`` is the limit before scaling; ``origin`` the pack it was borrowed from."""

    limit: Limit
    source: Annotated[str, Field(min_length=1)]
    warn: Warn | None = None
    nominal: Limit | None = None
    origin: Annotated[str, Field(pattern=r"^[a-z0-9-]+@\S+$")] | None = None


class Count(Model):
    """A number with its source."""

    value: Annotated[int, Field(ge=1)]
    source: Annotated[str, Field(min_length=1)]


class Grade(Label):
    """紧急程度: the limit is multiplied by ``times`` / ``over`` and rounded up."""

    times: Annotated[int, Field(ge=1)]
    over: Annotated[int, Field(ge=1)]
    source: Annotated[str, Field(min_length=1)]


class Co(Model):
    """协办: due ``minus`` before the lead, or with the lead under a limit up to ``same_up_to``. Kept unscaled."""

    minus: Limit
    same_up_to: Limit
    source: str


class Cards(Model):
    """黄牌 and 红牌 of a handling limit."""

    yellow: Limit | None
    red: Limit | Literal["next_working_day"] | None
    source: str


class ReturnReview(Model):
    """退单: two different reviewers, then whoever answers when they do not; a second return goes to adjudication."""

    reviewers: Annotated[tuple[Name, ...], Field(min_length=2, max_length=2)]
    escalate_to: Name
    adjudicate_at: Count
    source: str

    @model_validator(mode="after")
    def _two_roles(self) -> Self:
        if len(set(self.reviewers)) != len(self.reviewers):
            raise ValueError("the two reviewers of a return must have different roles")
        return self


class Extension(Model):
    """延期: at most ``cap`` each, ``times`` times by ``approvers`` in order; beyond that only by ``beyond``."""

    cap: LimitEntry
    times: Count
    approvers: Annotated[tuple[Name, ...], Field(min_length=1)]
    beyond: Name
    source: str


class PauseType(Label):
    """A ground for a pause, with its maximum: at its end the clock wakes."""

    max: Limit
    evidence: bool
    source: Annotated[str, Field(min_length=1)]
    nominal: Limit | None = None


class OnAccount(Model):
    """挂账: its next review lies at most ``longest`` ahead, and it is kept at most ``times`` times."""

    longest: LimitEntry = LimitEntry(limit=Limit.parse("90d"), source="our default (domain.md 11.6)")
    times: Count = Count(value=8, source="our default")


class Proof(StrEnum):
    """What a closing code may demand before a case ends with it."""

    accepted_reply = "accepted_reply"
    co_results = "co_results"
    document = "document"
    callback = "callback"
    reason = "reason"
    two_persons = "two_persons"
    agreement = "agreement"
    leading_case = "leading_case"
    way_told = "way_told"
    remedy = "remedy"


class Closing(Label):
    """A closing code: at which stage it may be given, and the proof it needs."""

    stage: Literal["screening", "handling"]
    proof: tuple[Proof, ...]
    source: Annotated[str, Field(min_length=1)]


class Consensus(Model):
    """会商: agreed when ``rule`` holds among those who spoke, and at least ``quorum_percent`` of those asked spoke."""

    rule: Literal["two_thirds", "unanimous"] = "two_thirds"
    quorum_percent: Count = Count(value=50, source="our default")
    source: str = "our default (domain.md 11.7)"

    def agreed(self, yes: int, spoke: int, asked: int) -> bool:
        """Say whether ``yes`` of ``spoke`` agree, of ``asked`` in all."""
        if not spoke or 100 * spoke < self.quorum_percent.value * asked:
            return False
        return yes == spoke if self.rule == "unanimous" else 3 * yes >= 2 * spoke


class Cadence(Model):
    """When sessions of a kind are held: a cron expression in Asia/Shanghai, with its source."""

    cron: Annotated[str, Field(pattern=r"^\S+ \S+ \S+ \S+ \S+$")]
    source: Annotated[str, Field(min_length=1)]


class Ladder(Model):
    """催办 and 督办 by the count of callbacks that were unsatisfied or unsolved."""

    urge_at: Count
    supervise_at: Count


class Callback(Model):
    """回访: how many attempts on different days; ``day_length`` is what counts as a day."""

    attempts: Count
    day_length: LimitEntry

    def day_of(self, at: datetime) -> int:
        """The number of the day of ``at``; two instants are on different days when these differ."""
        length = _fixed_length(self.day_length.limit)
        if length is None:
            return local_day(at).toordinal() // self.day_length.limit.amount
        return (at - _EPOCH) // length

    def next_day(self, at: datetime) -> datetime:
        """The UTC instant at which the day after that of ``at`` begins."""
        length = _fixed_length(self.day_length.limit)
        if length is None:
            step = self.day_length.limit.amount
            ahead = step - local_day(at).toordinal() % step
            return midnight(local_day(at) + ahead * ONE_DAY)
        return _EPOCH + (self.day_of(at) + 1) * length


class Answer(Label):
    """One answer of the satisfaction scale."""

    satisfied: bool


class Satisfaction(Model):
    """满意度: the answers a caller may give, from best to worst."""

    answers: dict[Name, Answer]
    source: str


class Delivery(Model):
    """How often and how long a department system is called before the call becomes an incident."""

    attempts: Count
    first: LimitEntry
    factor: Count
    longest: LimitEntry
    timeout: LimitEntry


_EPOCH: Final = midnight(datetime(1970, 1, 1).date())  # noqa: DTZ001 - only the date is used
_FIXED: Final = {Unit.h: timedelta(hours=1), Unit.min: timedelta(minutes=1), Unit.s: timedelta(seconds=1)}


def _fixed_length(limit: Limit) -> timedelta | None:
    """The length of a limit that runs 24x7; None when it depends on the calendar."""
    unit = _FIXED.get(limit.unit)
    return None if unit is None else limit.amount * unit


_HANDLING: Final = {"handle": False, "redo": False, "handle_co": True, "redo_co": True}
"""The kinds of rule that come from the table ``handle``, and whether they are for a co-unit 协办."""

_RETURN_WINDOW: Final = "return_window"

Table: TypeAlias = dict[str, dict[str, LimitEntry]]


class Pack(Model):
    """One policy pack. Tables are keyed by the identifiers of the glossary; ``any`` is the row for all others."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
    version: Annotated[str, Field(min_length=1)]
    title: Label
    sources: tuple[str, ...]
    hours: Hours
    hours_source: str
    case_types: dict[Name, Label]
    triages: dict[Name, Label]
    triage_fallback: dict[Name, Name]
    triage_fallback_source: str
    grades: dict[Name, Grade]
    graded_triages: tuple[Name, ...]
    handle: Table
    steps: Table
    co: Co
    cards: Cards
    return_window: LimitEntry
    return_review: ReturnReview
    extension: Extension
    pauses: dict[Name, PauseType]
    account: OnAccount = OnAccount()
    closing: dict[Name, Closing]
    ladder: Ladder
    consensus: Consensus = Consensus()
    callers_at: Count = Count(value=10, source="our default")
    cadence: dict[Name, Cadence] = Field(default_factory=dict)
    callback: Callback
    satisfaction: Satisfaction
    delivery: Delivery
    scale: dict[str, Limit] = Field(default_factory=dict)
    scale_source: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        try:
            for triage in self.triages:
                for case_type in self.case_types:
                    self.rule("handle", triage=triage, case_type=case_type)
        except PolicyError as error:
            raise ValueError(str(error)) from error
        return self

    def rule(
        self, kind: str, *, triage: str = "routine", case_type: str | None = None, grade: str = "grade_normal"
    ) -> ClockRule:
        """The rule for ``kind``: ``handle``, ``redo`` (and ``_co`` of both), ``return_window``, or a step.

        Handling limits depend on triage class, case type and grade, steps on the triage class. A class without a row
        of its own takes the row of its fallback, then ``any``. Raises ``PolicyError``: ``unknown_rule``,
        ``unknown_triage``, ``unknown_case_type``, ``unknown_grade``.
        """
        _known(triage, self.triages, "unknown_triage")
        _known(grade, self.grades, "unknown_grade")
        if kind in _HANDLING:
            return self._handling(kind, triage, case_type, grade)
        if kind == _RETURN_WINDOW:
            return self._rule(kind, self.return_window, Warn())
        _known(kind, self.steps, "unknown_rule")
        row, entry = self._row(self.steps[kind], triage, kind)
        return self._rule(f"{kind}/{row}", entry, Warn())

    def has_step(self, kind: str, triage: str) -> bool:
        """Whether the pack limits ``kind`` for this triage class (``respond`` only when urgent)."""
        if kind in _HANDLING or kind == _RETURN_WINDOW:
            return True
        rows = self.steps.get(kind, {})
        return any(row in rows for row in self._rows(triage))

    def _rows(self, triage: str) -> tuple[str, str, str]:
        """The rows of a table that may hold for ``triage``, the most special first."""
        return triage, self.triage_fallback.get(triage, ANY), ANY

    def _handling(self, kind: str, triage: str, case_type: str | None, grade: str) -> ClockRule:
        row, types = self._row(self.handle, triage, kind)
        if case_type is not None:
            _known(case_type, self.case_types, "unknown_case_type")
        column = case_type if case_type in types else ANY
        if column not in types:
            raise PolicyError("unknown_case_type", f"pack {self.id}: {kind}/{row} needs a case type, not {case_type!r}")
        entry = types[column]
        rule = self._rule(f"{kind}/{row}/{column}", entry, Warn(yellow=self.cards.yellow, red=self.cards.red))
        nominal = entry.nominal or entry.limit
        wanted = self._graded(nominal, triage, grade)
        if _HANDLING[kind]:
            wanted = co_limit(wanted, self)
        if wanted == nominal:
            return rule
        scaled = self.scaled(wanted)
        source = f"{entry.source}; {self._why(triage, grade, co=_HANDLING[kind])}"
        return rule.model_copy(update={"limit": scaled, "nominal": wanted if self.scale else None, "source": source})

    def _why(self, triage: str, grade: str, *, co: bool) -> str:
        reasons = []
        if grade != "grade_normal" and triage in self.graded_triages:
            factor = self.grades[grade]
            reasons.append(f"{factor.zh} x{factor.times}/{factor.over} ({factor.source})")
        if co:
            reasons.append(f"协办 -{self.co.minus} ({self.co.source})")
        return "; ".join(reasons)

    def _row(self, table: Mapping[str, _T], triage: str, kind: str) -> tuple[str, _T]:
        for row in self._rows(triage):
            if row in table:
                return row, table[row]
        raise PolicyError("unknown_rule", f"pack {self.id} has no {kind} for {triage}")

    def _rule(self, path: str, entry: LimitEntry, warn: Warn) -> ClockRule:
        origin, _, version = (entry.origin or f"{self.id}@{self.version}").partition("@")
        return ClockRule(
            id=f"{origin}/{path}",
            version=version,
            limit=entry.limit,
            source=entry.source,
            warn=entry.warn or warn,
            nominal=entry.nominal,
        )

    def _graded(self, limit: Limit, triage: str, grade: str) -> Limit:
        if triage not in self.graded_triages:
            return limit
        factor = self.grades[grade]
        return Limit(amount=-(-limit.amount * factor.times // factor.over), unit=limit.unit)

    def scaled(self, limit: Limit) -> Limit:
        """What ``limit`` is in this pack's scale; itself in a pack without one."""
        return scaled(limit, self.scale)

    def pause_type(self, kind: str) -> PauseType:
        """The pause type ``kind``; raises ``PolicyError`` (``unknown_pause``)."""
        return self.pauses[_known(kind, self.pauses, "unknown_pause")]

    def closing_code(self, code: str) -> Closing:
        """The closing code ``code``; raises ``PolicyError`` (``unknown_closing``)."""
        return self.closing[_known(code, self.closing, "unknown_closing")]

    def is_satisfied(self, answer: str) -> bool:
        """Whether ``answer`` counts as satisfied; raises ``PolicyError`` (``unknown_answer``)."""
        return self.satisfaction.answers[_known(answer, self.satisfaction.answers, "unknown_answer")].satisfied


class Terms(Model):
    """What a case keeps from its opening on. Moving it is a command with author and reason."""

    pack_id: str
    pack_version: str
    pack: Pack
    calendar: str
    opened_under: UtcInstant | None = None

    @classmethod
    def pin(cls, pack: Pack, calendar: Calendar, opened_at: datetime | None = None) -> Self:
        """The terms of a case that opens now, under ``pack`` and ``calendar``."""
        return cls(
            pack_id=pack.id, pack_version=pack.version, pack=pack, calendar=calendar.version, opened_under=opened_at
        )


def co_limit(limit: Limit, pack: Pack) -> Limit:
    """The limit of a co-unit 协办 under a lead's ``limit``: less 1 wd, or the same when that is short or no wd.

    In a scaled pack a limit in seconds is taken as scaled working days; ``Pack.rule("handle_co")`` knows better.
    """
    minus, same_up_to = pack.co.minus, pack.co.same_up_to
    if limit.unit is not minus.unit:
        minus, same_up_to = pack.scaled(minus), pack.scaled(same_up_to)
    if limit.unit is not minus.unit or limit.amount <= same_up_to.amount:
        return limit
    return Limit(amount=limit.amount - minus.amount, unit=limit.unit)


def _known(name: str, table: Mapping[str, Any], code: str) -> str:
    if name not in table:
        raise PolicyError(code, f"{name!r} is none of: {', '.join(table)}")
    return name


def pack_sha(pack: Pack) -> str:
    """The sha256 of the pack's canonical JSON: what a case pins beside id and version."""
    text = json.dumps(pack.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
