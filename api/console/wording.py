"""Codes, instants and durations in the reader's words."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from api.cases.view import split_key
from domain.casework.words import Triage
from domain.clock import FINE
from storage.policies import load_pack, pack_ids
from storage.texts import known, text

_STEPS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
WHO: Final = ("by",)
TOLD: Final = ("approve", "granted", "way", "ground", "how", "reached", "solved", "satisfaction", "caller_told")
"""Fields of events that their sentences leave out and readers want."""
SPOKEN: Final[Mapping[str, tuple[str, ...]]] = {"order_ended": ("how",)}
"""Fields that the sentence of an event has said already."""
GROUNDED: Final = ("request_return", "request_extension", "request_termination", "decline")
OF_A_WAY: Final = ("console.choice.line", "console.choice.decline.ground")
UNITS: Final = ("unit", "proposed_owner")


@cache
def fine(pack: str, triage: str | None) -> bool:
    """Say whether a case of this pack and class has limits in minutes or seconds: its instants are shown with seconds."""
    if pack not in pack_ids():
        return False
    rules, class_ = load_pack(pack), triage or Triage.routine
    return any(
        rules.rule(step, triage=class_).limit.unit in FINE for step in rules.steps if rules.has_step(step, class_)
    )


def label(kind: str, code: object, lang: str) -> str:
    """Return the label ``{kind}.{code}``; the bare code when the catalogue has none."""
    key = f"{kind}.{code}"
    return text(key, lang) if known(key) else str(code)


def lasted(length: timedelta, lang: str) -> str:
    """Return a duration in its two largest units: 3 天 4 小时."""
    seconds = max(0, int(length.total_seconds()))
    parts: list[str] = []
    for size, name in _STEPS:
        amount, seconds = divmod(seconds, size)
        if amount or parts or name == "second":
            parts.append(text(f"console.span.{name}", lang, n=amount) if amount else "")
    return " ".join(p for p in parts[:2] if p) or text("console.span.second", lang, n=0)


def left(due: datetime, now: datetime, lang: str) -> str:
    """Say how much time is left until ``due``, or by how much it has passed."""
    key = "console.left" if due > now else "console.over"
    return text(key, lang, span=lasted(abs(due - now), lang))


def target_name(target: str, units: Mapping[str, str], lang: str) -> str:
    """Name whom an effect is for: a unit, a role, the caller of a request, another case."""
    kind, mark, code = target.partition(":")
    if mark and kind in {"role", "caller"}:
        return label("role", code, lang) if kind == "role" else f"{text('console.caller', lang)} {code}"
    if target.startswith("case/"):
        return f"{text('console.case', lang)} {target.removeprefix('case/')}"
    return units.get(code if mark else target.rpartition("/")[2], target)


def effect_name(kind: str, body: Mapping[str, Any] | None, lang: str) -> str:
    """Name an effect by what it says, by the command it brings, or by its kind."""
    said_ = body or {}
    return label("effect", said_.get("what") or said_.get("command") or kind, lang)


def clock_name(key: str, lang: str) -> str:
    """Name a clock by its key: ``a1/handle`` is the handling limit of order a1, ``callback/…`` that of one caller; then its run."""
    order, what = split_key(key)
    if order is None:
        what, _, order = key.partition("/")
        order = "" if what == "overall" else order
    elif run := key.removeprefix(f"{order}/{what}").strip("/"):
        order = f"{order} · {run}"
    name = label("clock", what, lang)
    return f"{name} · {order}" if order else name


def rule_name(rule: str, lang: str) -> str:
    """Name a rule of a pack or of the rules themselves: ``haikou/handle/routine`` is a handling limit."""
    for kind in rule.split("/")[:2]:
        for home in ("clock", "console.rule", "matter"):
            if known(f"{home}.{kind}"):
                return text(f"{home}.{kind}", lang)
    return rule


def said(body: Mapping[str, Any], names: Mapping[str, str], units: Mapping[str, str], lang: str) -> dict[str, Any]:
    """Return an event's body with people, units, clocks and outcomes in words, for its sentence."""
    out = dict(body)
    for field in WHO:
        if field in out:
            out[field] = text("console.system", lang) if out[field] == "system" else names.get(out[field], out[field])
    for field in UNITS:
        if field in out:
            out[field] = units.get(out[field], out[field])
    if "target" in out:
        out["target"] = target_name(str(out["target"]), units, lang)
        out["code"] = label("console.incident_code", out.get("code"), lang)
    clock = out.get("clock")
    if isinstance(clock, Mapping):
        out["key"] = clock_name(str(clock["key"]), lang)
    elif "key" in out:
        out["key"] = clock_name(str(out["key"]), lang)
    for field, kind in (("why", "console.why"), ("outcome", "console.outcome"), ("field", "console.field")):
        if field in out:
            out[field] = label(kind, out[field], lang)
    return out


def details(event: str, body: Mapping[str, Any], lang: str) -> str:
    """Return what an event's codes say beside its sentence: how it was decided, on which ground, how satisfied."""
    found = ((f, body[f]) for f in TOLD if body.get(f) is not None and f not in SPOKEN.get(event, ()))
    colon = text("console.colon", lang)
    parts = [f"{text(f'console.field.{f}', lang)}{colon}{_value(f, v, lang)}" for f, v in found]
    return text("console.comma", lang).join(parts)


def called(body: Mapping[str, Any], lang: str) -> str:
    """Return what one callback brought: not reached, or solved and satisfied or not."""
    if not body["reached"]:
        return text("console.no.reached", lang)
    return text("console.comma", lang).join(label(f, body[f], lang) for f in ("solved", "satisfaction") if body.get(f))


def _value(field: str, value: object, lang: str) -> str:
    """Return a code in words: yes and no by their field, others by the first of the catalogue's homes that knows them."""
    if isinstance(value, bool):
        answer = "yes" if value else "no"
        keys = [f"console.{answer}.{'approve' if field == 'granted' else field}", f"console.{answer}"]
    else:
        homes = (field, f"console.choice.{field}", *(f"console.choice.{c}.{field}" for c in GROUNDED), *OF_A_WAY)
        keys = [f"{home}.{value}" for home in homes]
    return next((text(k, lang) for k in keys if known(k)), str(value))
