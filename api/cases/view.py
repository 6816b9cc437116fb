"""A case as its viewer may see it: header, orders, clocks with their explanation, todos, and what he may do next."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from api.access import Viewer
from api.cases.explaining import lines_of
from api.cases.schemas import (
    AccountOut,
    Action,
    CallerLine,
    CaseOut,
    CaseTodo,
    ClockOut,
    DocumentOut,
    IncidentLine,
    MatterOut,
    OrderOut,
)
from api.decisions.schemas import asked
from api.todos.colours import Colours
from api.todos.routes import ABOUT, is_mine, todo_out
from domain.case import FROM_ABOVE, MOVES, REVIVING, acting_unit
from domain.casework.state import Case, Order
from domain.casework.timekeeping import is_late
from domain.casework.words import LIVE
from domain.disclosure import Field, own_orders, visible_orders
from domain.keeping import Running
from domain.kernel import KERNEL_COMMANDS
from domain.permissions import Permissions, Scope
from domain.process import Actor
from storage.cases import Stored
from storage.texts import text

ORDER: Final = re.compile(r"a[1-9]\d*")
HEADER: Final = (
    "ring",
    "received_at",
    "case_type",
    "channel",
    "caller_type",
    "grade",
    "confidential",
    "district",
    "street",
    "pack",
    "pack_version",
    "calendar",
    "triage",
    "item",
    "matter",
    "cycle",
    "returns",
    "proposed_owner",
    "dissatisfied",
    "merging_into",
    "main_case",
    "undone",
    "reopened",
    "on_spot",
    "end",
    "code",
    "closed_at",
)


def case_view(  # noqa: PLR0913 - what a view needs was looked up in one transaction
    stored: Stored,
    who: Viewer,
    viewer: Actor,
    fields: frozenset[Field],
    *,
    rows: Sequence[Any],
    title: str | None,
    documents: Sequence[Any],
    permissions: Permissions,
    colours: Colours,
    lang: str,
) -> CaseOut:
    """Return the case as ``fields`` allow. ``rows`` are its todos, ``documents`` its files."""
    case: Case = stored.process.state
    seen = visible_orders(case, viewer, fields)
    mine = own_orders(case, viewer.unit)
    everything = Field.orders_all in fields
    clocks = tuple(
        clock_out(key, running, colours, case.pack, lang)
        for key, running in case.clocks.items()
        if everything or visible_clock(key, seen)
    )
    todos = tuple(
        _todo(r, who, case, colours) for r in rows if everything or (r.subject in seen and r.unit is not None)
    )
    return CaseOut(
        no=case.no,
        process=stored.process.id,
        seq=stored.process.seq,
        stage=str(case.stage),
        stage_label=text(f"stage.{case.stage}", lang),
        closed=stored.closed,
        parked=stored.parked,
        fields=tuple(sorted(fields)),
        header={name: getattr(case, name) for name in HEADER},
        title=title if Field.request_text in fields else None,
        account=_account(case, seen),
        orders=tuple(_order(case, o, own=o.id in mine) for o in case.orders.values() if o.id in seen),
        clocks=clocks,
        callers=tuple(CallerLine(**c.model_dump(exclude={"last_attempt", "asked"})) for c in case.callers.values())
        if Field.callers in fields
        else None,
        matters=tuple(MatterOut(**m.model_dump(mode="json")) for m in case.matters.values()) if everything else (),
        documents=tuple(document_out(d) for d in documents) if Field.documents in fields else None,
        todos=todos,
        actions=tuple(actions(stored, who, permissions, lang)),
        incidents=tuple(IncidentLine(**i.model_dump()) for i in stored.process.incidents.values())
        if everything
        else (),
    )


def actions(stored: Stored, who: Viewer, permissions: Permissions, lang: str) -> Iterator[Action]:
    """Return the commands the viewer may give now, from the table of moves and the table of permissions."""
    case: Case = stored.process.state
    for name, of in asked(stored.process.kind).items():
        if name in KERNEL_COMMANDS:
            if not stored.process.incidents:
                continue
        elif (stored.closed and name not in REVIVING) or case.stage not in MOVES[name].stages:
            continue
        live = [o for o in case.orders.values() if o.cycle == case.cycle and o.state in LIVE]
        for actor in who.actors():
            row = permissions.commands.get(name)
            scope = row.grants.get(actor.role) if row else None
            if scope is None or (scope is Scope.district and actor.district != case.district):
                continue
            # A place that a return left empty can be waived.
            open_ = [*live, *case.vacant] if name == "waive_result" else live
            # And what was not handed down has no unit above.
            open_ = [o for o in open_ if o.above is not None] if name in FROM_ABOVE else open_
            orders = tuple(o.id for o in open_ if scope is not Scope.unit or acting_unit(case, name, o) == actor.unit)
            about_order = "order" in of.body.model_fields
            if (about_order or scope is Scope.unit) and not orders:
                continue
            yield Action(
                command=name,
                label=text(f"command.{name}", lang),
                role=actor.role,
                orders=orders if about_order else None,
            )
            break


def clock_out(key: str, running: Running, colours: Colours, pack: str, lang: str) -> ClockOut:
    """Return a clock with the lines that explain it."""
    clock, (order, what) = running.clock, split_key(key)
    due = clock.due if running.stopped_at is None else None
    return ClockOut(
        key=key,
        what=what,
        label=text(f"clock.{what}", lang),
        order=order,
        rule=f"{clock.rule}@{clock.rule_version}",
        source=clock.source,
        limit=str(clock.limit),
        start=clock.start,
        due=clock.due,
        paused=clock.paused,
        provisional=clock.provisional,
        yellow_at=clock.yellow_at,
        red_at=clock.red_at,
        stopped_at=running.stopped_at,
        met=running.met,
        overdue_at=running.overdue_at,
        annulled=running.annulled,
        colour=colours.of(due, pack),
        lines=lines_of(clock, lang),
    )


def split_key(key: str) -> tuple[str | None, str]:
    """Return whose clock a key names (an order or None) and its kind, whichever run: ``a1/handle``, ``a1/review/2``, ``screen``."""
    head, _, rest = key.partition("/")
    return (head, rest.partition("/")[0]) if ORDER.fullmatch(head) else (None, head)


def visible_clock(key: str, orders: frozenset[str]) -> bool:
    """Say whether a viewer of these orders may see a clock: theirs, and the overall one."""
    order, what = split_key(key)
    return what == "overall" if order is None else order in orders


def document_out(row: Any) -> DocumentOut:
    """Return what is known of a file."""
    return DocumentOut(**{name: getattr(row, name) for name in DocumentOut.model_fields})


def _order(case: Case, order: Order, *, own: bool) -> OrderOut:
    handle = case.running(f"{order.id}/handle")
    return OrderOut(
        id=order.id,
        unit=order.unit,
        role=str(order.role),
        state=str(order.state),
        cycle=order.cycle,
        sent_at=order.sent_at,
        no_return=order.no_return,
        first_receiver=order.first_receiver,
        parent=order.parent,
        above=order.above,
        level=order.level,
        signed_at=order.signed_at,
        auto_signed=order.auto_signed,
        contacted_at=order.contacted_at,
        sent_back=order.sent_back,
        extensions=order.extensions,
        due=handle.clock.due if handle else None,
        paused=handle is not None and handle.clock.paused,
        overdue=is_late(case, order),
        live=order.cycle == case.cycle and order.state in LIVE,
        mine=own,
    )


def _account(case: Case, orders: frozenset[str]) -> AccountOut | None:
    """Return what the case is on account for, or has been asked to go on account for; to who may see the order."""
    account = case.account
    if account is None or account.order not in orders:
        return None
    date = case.running(f"{account.order}/account_date")
    return AccountOut(
        order=account.order,
        ground=account.ground,
        asked_at=account.at,
        since=account.since,
        review_on=account.review_on,
        review_at=date.clock.due if date else None,
        overdue=date is not None and date.overdue_at is not None,
        kept=account.kept,
        striking=account.striking is not None,
    )


def _todo(row: Any, who: Viewer, case: Case, colours: Colours) -> CaseTodo:
    about = {f: getattr(case, f, None) for f in ABOUT}
    return CaseTodo(**todo_out(row, about, None, colours).model_dump(), mine=is_mine(row, who))
