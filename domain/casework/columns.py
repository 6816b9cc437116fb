"""What lists and reports need of a case: a row of the case, one an order, one a time it was on account. Codes and instants only."""

from datetime import UTC, datetime
from typing import Any, Final

from domain.casework.inbox import todos
from domain.casework.state import Account, Case
from domain.casework.timekeeping import is_late
from domain.casework.words import LIVE, OrderRole

NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)
"""Where what is never due is sorted."""


def columns(case: Case) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the list tables, by table."""
    lead = case.lead
    overall = case.clock(f"overall/{case.cycle}")
    due = overall.clock.due if overall and overall.stopped_at is None else None
    row = {
        "no": case.no,
        "stage": str(case.stage),
        "ring": case.ring,
        "case_type": str(case.case_type),
        "channel": str(case.channel),
        "triage": str(case.triage) if case.triage else None,
        "grade": str(case.grade),
        "confidential": case.confidential,
        "district": case.district,
        "street": case.street,
        "item": case.item,
        "matter": case.matter_key,
        "lead_unit": lead.unit if lead else None,
        "main_case": case.main_case,
        "cycle": case.cycle,
        "returns": case.returns,
        "dissatisfied": case.dissatisfied,
        "code": str(case.code) if case.code else None,
        "received_at": case.received_at,
        "closed_at": case.closed_at,
        "due": due,
        "first_due": min((at for at in (due, *(t.due for t in todos(case))) if at is not None), default=NEVER),
        "overdue": any(
            r.overdue_at is not None and not r.annulled for k, r in case.clocks.items() if k.startswith("overall/")
        ),
        "pack": case.pack,
        "on_account": case.on_account,
        "undone": case.undone,
        "reopened": case.reopened,
        "on_spot": case.on_spot,
    }
    orders = [
        {
            "case_no": case.no,
            "order_id": order.id,
            "unit": order.unit,
            "role": str(order.role),
            "state": str(order.state),
            "live": order.state in LIVE,
            "cycle": order.cycle,
            "sent_at": order.sent_at,
            "signed_at": order.signed_at,
            "auto_signed": order.auto_signed,
            "contacted_at": order.contacted_at,
            "due": _due(case, order.id),
            "overdue": is_late(case, order),
            "no_return": order.no_return,
            "lead": order.role is OrderRole.lead,
        }
        for order in case.orders.values()
    ]
    accounts = [_account(case, a) for a in (*case.accounts, *((case.account,) if case.account else ())) if a.since]
    return {"case_row": [row], "order_row": orders, "on_account_row": accounts}


def _account(case: Case, account: Account) -> dict[str, Any]:
    order = case.orders.get(account.order)
    running = None if account.until else case.running(f"{account.order}/account_date")
    return {
        "case_no": case.no,
        "n": account.n,
        "order_id": account.order,
        "unit": order.unit if order else "-",
        "district": case.district,
        "ground": account.ground,
        "since": account.since,
        "until": account.until,
        "how": account.how,
        "review_at": running.clock.due if running else None,
        "kept": account.kept,
    }


def _due(case: Case, order: str) -> Any:
    running = case.running(f"{order}/handle")
    return running.clock.due if running else None
