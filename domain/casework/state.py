"""The state of a case: what its events add up to."""

from datetime import date, datetime
from typing import Final

from pydantic import Field

from domain.casework.words import (
    GONE,
    LIVE,
    OWNER_MATTERS,
    SMALL,
    CallerType,
    CaseType,
    Channel,
    ClosingCode,
    Grade,
    MatterKind,
    OrderRole,
    OrderState,
    Stage,
    Triage,
)
from domain.holding import Hold
from domain.keeping import Clocked
from domain.model import Model

WHOLE: Final = "*"
"""Held under this key: the case as a whole."""


class ReturnRequest(Model):
    """退单申请 and its two reviews (11.4)."""

    at: datetime
    by: str
    ground: str
    proposed_owner: str
    step: int = 1
    first_by: str | None = None
    first_approve: bool | None = None
    second_by: str | None = None
    escalated: bool = False


class ExtensionRequest(Model):
    """延期申请 and its approvals (11.5)."""

    at: datetime
    by: str
    days: int
    step: int = 1
    first_by: str | None = None


class PauseRequest(Model):
    """暂停申请 (11.6). ``since`` is set while the clock stands still."""

    by: str
    kind: str
    at: datetime
    since: datetime | None = None
    evidence: str | None = None


class Submission(Model):
    """What a unit handed in."""

    at: datetime
    by: str
    code: ClosingCode
    reply: str
    documents: tuple[str, ...] = ()


class Order(Model):
    """派单: one unit's order (11.3). Its clocks are the case's, keyed ``{id}/{what}``.

    ``parent`` names the order it replaces, ``above`` the one it was handed down from; ``level`` is its unit's when it was sent.
    """

    id: str
    unit: str
    role: OrderRole
    state: OrderState = OrderState.sent
    cycle: int
    sent_at: datetime
    sent_by: str
    no_return: bool = False
    first_receiver: bool = False
    parent: str | None = None
    signed_at: datetime | None = None
    auto_signed: bool = False
    contacted_at: datetime | None = None
    progress_at: datetime | None = None
    phoned_at: datetime | None = None
    before: OrderState | None = None
    submission: Submission | None = None
    sent_back: int = 0
    accepted_by: str | None = None
    returning: ReturnRequest | None = None
    extending: ExtensionRequest | None = None
    extensions: int = 0
    pausing: PauseRequest | None = None
    vacant_since: datetime | None = None
    above: str | None = None
    level: str | None = None
    undone: bool = False


class Caller(Model):
    """One request that hangs on the case: its caller has an own reply, callback and rating."""

    request: str
    case: str
    asked: int = 1
    failed_days: int = 0
    last_attempt: datetime | None = None
    retry_at: datetime | None = None
    outcome: str | None = None  # satisfied | dissatisfied | unreachable | waived | withdrew


class Matter(Model):
    """Something a later process will decide; here a todo with its command."""

    key: str
    kind: MatterKind
    since: datetime
    order: str | None = None


class Proposal(Model):
    """The first of two persons on a closing code; ``request`` is the dissatisfied caller it is about, if any."""

    code: ClosingCode
    by: str
    at: datetime
    request: str | None = None
    approved_by: str | None = None


class Termination(Model):
    """终止申请 that waits for the hotline."""

    order: str
    by: str
    ground: str
    at: datetime


class TermsBy(Model):
    """Which batch gave the case a part of its terms, and when that batch was approved."""

    batch: str
    decided_at: datetime


class StrikeOff(Model):
    """销号申请 that waits for its second person."""

    at: datetime
    by: str


class Account(Model):
    """挂账 (11.6, §18): asked for at ``at``, in force from ``since`` to ``until``; ``n`` counts those of the case.

    ``review_on`` is the day it is looked at again, ``kept`` how often it was kept at such a day.
    """

    n: int
    order: str
    by: str
    ground: str
    at: datetime
    review_on: date
    step: int = 1
    first_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    how: str | None = None
    kept: int = 0
    striking: StrikeOff | None = None


class Reopening(Model):
    """重启申请 that waits for its second person."""

    at: datetime
    by: str
    request: str


class Case(Clocked):
    """诉求单.

    ``holds``: what other processes will decide, by matter (or :data:`WHOLE`); ``begun``: the processes it began; ``urged``: the
    supervisions that began because a clock was overdue, by its key; ``rings``: those
    that are told how its units get on. ``ruled``: since it last went up, somebody has ruled on it. ``account``: asked for or in
    force, ``accounts``: those that are over. ``terms_by``: the batches that changed its terms, by the part of them.
    """

    no: str = ""
    stage: Stage = Stage.new
    ring: str = SMALL
    since: datetime | None = None
    received_at: datetime | None = None
    case_type: CaseType = CaseType.consult
    channel: Channel = Channel.phone
    caller_type: CallerType = CallerType.person
    grade: Grade = Grade.grade_normal
    confidential: bool = False
    district: str | None = None
    street: str | None = None
    pack: str = ""
    pack_version: str = ""
    pack_sha: str = ""
    calendar: str = ""
    terms_by: dict[str, TermsBy] = Field(default_factory=dict)
    triage: Triage | None = None
    triaged_by: str | None = None
    item: str | None = None
    item_version: str | None = None
    matter: str | None = None
    cycle: int = 1
    orders: dict[str, Order] = Field(default_factory=dict)
    callers: dict[str, Caller] = Field(default_factory=dict)
    matters: dict[str, Matter] = Field(default_factory=dict)
    matters_raised: int = 0
    holds: dict[str, Hold] = Field(default_factory=dict)
    begun: tuple[str, ...] = ()
    urged: dict[str, str] = Field(default_factory=dict)
    rings: tuple[str, ...] = ()
    returns: int = 0
    proposed_owner: str | None = None
    dissatisfied: int = 0
    held_by: str | None = None
    merges: int = 0
    merging_into: str | None = None
    merging_since: datetime | None = None
    main_case: str | None = None
    end: str | None = None
    proposal: Proposal | None = None
    termination: Termination | None = None
    code: ClosingCode | None = None
    closed_at: datetime | None = None
    ruled: bool = False
    account: Account | None = None
    accounts: tuple[Account, ...] = ()
    undone: int = 0
    reopening: Reopening | None = None
    reopened: int = 0
    on_spot: int = 0

    @property
    def id(self) -> str:
        """The process id."""
        return f"case/{self.no}"

    def beside(self, process: str) -> str:
        """Return a process id no process that this case began has had: with a number from the second one on."""
        n = 1 + sum(p == process or p.startswith(f"{process}.") for p in self.begun)
        return process if n == 1 else f"{process}.{n}"

    @property
    def matter_key(self) -> str:
        """事项标识: what makes two cases the same matter. Without one of its own a case is a matter by itself."""
        return self.matter or self.no

    @property
    def live(self) -> tuple[Order, ...]:
        """Orders that are open in this cycle."""
        return tuple(o for o in self.orders.values() if o.cycle == self.cycle and o.state in LIVE)

    @property
    def lead(self) -> Order | None:
        """The lead's order of this cycle, the latest if it changed hands, or None."""
        found = [
            o
            for o in self.orders.values()
            if o.role is OrderRole.lead and o.cycle == self.cycle and o.state not in GONE
        ]
        return found[-1] if found else None

    @property
    def on_account(self) -> bool:
        """Whether it is on account 挂账: open and unsolved, its limits standing still."""
        return self.account is not None and self.account.since is not None

    def below(self, order: str) -> tuple[Order, ...]:
        """Return the open orders that were handed down from an order, by its unit itself."""
        return tuple(o for o in self.live if o.above == order)

    def under(self, order: str) -> tuple[Order, ...]:
        """Return the open orders that were handed down from an order, over however many levels."""
        return tuple(o for b in self.below(order) for o in (b, *self.under(b.id)))

    @property
    def vacant(self) -> tuple[Order, ...]:
        """Returned orders of this cycle whose place is to be filled, or said to need nobody."""
        return tuple(o for o in self.orders.values() if o.cycle == self.cycle and o.vacant_since is not None)

    @property
    def owner_matter(self) -> Matter | None:
        """The open question who owns the case, or None."""
        return next((m for m in self.matters.values() if m.kind in OWNER_MATTERS), None)

    @property
    def active_callers(self) -> tuple[Caller, ...]:
        """Callers who have not taken their request back."""
        return tuple(c for c in self.callers.values() if c.outcome != "withdrew")

    @property
    def waiting_callers(self) -> tuple[Caller, ...]:
        """Callers who still have to be called back."""
        return tuple(c for c in self.callers.values() if c.outcome is None)

    def claim(self, unit: str) -> str:
        """Return the key that only one order to the unit on this matter can hold (M21)."""
        return f"order/{unit}/{self.matter_key}"
