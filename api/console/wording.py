"""Codes, instants and durations in the reader's words."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final

from api.cases.timeline import homes_of, vocabularies
from api.cases.view import split_key
from domain.casework.words import Triage
from domain.clock import FINE, wall
from storage.cases import CASE
from storage.policies import load_pack, pack_ids
from storage.texts import known, refusal, text

_STEPS: Final = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
WHO: Final = re.compile(r"(.+_)?by|leader|handlers|issuer|opener")
"""Fields that name somebody."""
TOLD: Final = ("approve", "granted", "way", "ground", "how", "reached", "solved", "satisfaction", "caller_told")
"""Fields of events that their sentences leave out and readers want."""
SPOKEN: Final[Mapping[str, tuple[str, ...]]] = {"order_ended": ("how",), "batch_begun": ("ground",)}
"""Fields that the sentence of an event has said already."""
GROUNDED: Final = ("request_return", "request_extension", "request_termination", "decline")
OF_A_WAY: Final = ("console.choice.line", "console.choice.decline.ground")
UNITS: Final = frozenset(
    {
        "unit",
        "units",
        "proposed_owner",
        "owner",
        "lead",
        "co",
        "candidates",
        "parties",
        "attending",
        "present",
        "absent",
    }
    | {
        "deputies",
        "silent",
        "members",
        "territory",
        "industry",
        "firm",
        "reporter",
        "first_receiver",
        "from_unit",
        "to_unit",
    }
    | {"to", "target_unit", "informed"}
)
"""Fields that name a unit, or several."""
INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
PROCESS: Final = re.compile(r"([a-z_]+)/[A-Za-z0-9_.:@/+-]+")


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


def cause(code: object, lang: str) -> str:
    """Return why a machine could not do something: a cause of its own, or the refusal of whom it asked."""
    if known(f"refusal.{code}"):
        return refusal(str(code), {}, lang).rstrip("。.")
    return label("console.incident_code", code, lang)


def word_label(kind: str, field: str, value: object, lang: str) -> str:
    """Return the label of a word: of its vocabulary, of its field, else the bare word."""
    homes = homes_of(kind, field, type(value)) if isinstance(value, Enum) else (f"{kind}_{field}", field)
    return next((text(f"{home}.{value}", lang) for home in homes if known(f"{home}.{value}")), str(value))


def field_label(kind: str, field: str, lang: str) -> str:
    """Return the label of a field, of a kind's own where it means something else there; its key when nobody has named it."""
    homes = (
        [f"console.field.{kind}.{field}"]
        if kind == CASE
        else [f"console.field.{kind}.{field}", f"console.field.beside.{field}"]
    )
    label = text(next((home for home in homes if known(home)), f"console.field.{field}"), lang)
    return label if label == f"console.field.{field}" else label[:1].upper() + label[1:]


def page_of(process: str) -> str:
    """Return the page of a process, a case or another."""
    kind, _, no = process.partition("/")
    return f"/console/cases/{no}" if kind == CASE else f"/console/processes/{process}"


def short(process: str) -> str:
    """Return a process as addresses and lists name it: a case by its number alone."""
    return process.removeprefix(f"{CASE}/")


def process_name(process: str, lang: str) -> str:
    """Name a process by its kind and number; what is none stays as it is."""
    kind, _, no = process.partition("/")
    return f"{text(f'process.{kind}', lang)} {no}" if no and known(f"process.{kind}") else process


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
    if PROCESS.fullmatch(target) and known(f"process.{target.partition('/')[0]}"):
        return process_name(target, lang)
    return units.get(code if mark else target.rpartition("/")[2], target)


def effect_name(kind: str, body: Mapping[str, Any] | None, lang: str) -> str:
    """Name an effect by what it says, by the command it brings, or by its kind."""
    said_ = body or {}
    return label("effect", said_.get("what") or said_.get("command") or kind, lang)


def clock_name(key: str, lang: str, units: Mapping[str, str] | None = None) -> str:
    """Name a clock by its key: ``a1/handle`` is the handling limit of order a1, ``callback/…`` that of one caller; then its run."""
    order, what = split_key(key)
    if order is None:
        what, _, order = key.partition("/")
        order = "" if what == "overall" else order
    elif run := key.removeprefix(f"{order}/{what}").strip("/"):
        order = f"{order} · {run}"
    name = label("clock", what, lang)
    named = " · ".join((units or {}).get(part, part) for part in order.split("/")) if units else order
    return f"{name} · {named}" if order else name


def rule_name(rule: str, lang: str) -> str:
    """Name a rule of a pack or of the rules themselves: ``haikou/handle/routine`` is a handling limit."""
    for kind in rule.split("/")[:2]:
        for home in ("clock", "console.rule", "matter"):
            if known(f"{home}.{kind}"):
                return text(f"{home}.{kind}", lang)
    return rule


def todo_name(rule: str, commands: Sequence[str], lang: str) -> str:
    """Name what has to be done by its rule, or by the first command it asks for."""
    named = rule_name(rule, lang)
    return named if named != rule or not commands else label("command", commands[0], lang)


def said(
    event: str, body: Mapping[str, Any], names: Mapping[str, str], units: Mapping[str, str], lang: str
) -> dict[str, Any]:
    """Return an event's body with people, units, clocks, processes and words of closed vocabularies in words, for its sentence."""
    out = {field: _said(event, field, value, names, units, lang) for field, value in body.items()}
    if "target" in out:
        out["target"] = target_name(str(body["target"]), units, lang)
        out["code"] = cause(body.get("code"), lang)
    elif "code" in out and known(f"refusal.{body['code']}"):
        out["code"] = cause(body["code"], lang)
    clock = body.get("clock")
    if isinstance(clock, Mapping):
        out["key"] = clock_name(str(clock["key"]), lang, units)
    elif "key" in out:
        out["key"] = clock_name(str(body["key"]), lang, units)
    for field, kind in (("why", "console.why"), ("outcome", "console.outcome"), ("field", "console.field")):
        if field in out and known(f"{kind}.{body[field]}"):
            out[field] = text(f"{kind}.{body[field]}", lang)
    return out


def _said(event: str, field: str, value: Any, names: Mapping[str, str], units: Mapping[str, str], lang: str) -> Any:
    if isinstance(value, list):
        said_ = (str(_said(event, field, one, names, units, lang)) for one in value if not isinstance(one, Mapping))
        return text("console.comma", lang).join(said_) or text("console.none_of_them", lang)
    return _meaning(event, field, value, names, units, lang) if isinstance(value, str) else value


def _meaning(event: str, field: str, value: str, names: Mapping[str, str], units: Mapping[str, str], lang: str) -> str:
    """Say what a text in an event stands for: an instant, somebody, a unit, a process, a word of a vocabulary, or itself."""
    if INSTANT.fullmatch(value):
        return wall(datetime.fromisoformat(value))
    if WHO.fullmatch(field):
        return text("console.system", lang) if value == "system" else names.get(value, process_name(value, lang))
    if field in UNITS and value in units:
        return units[value]
    homes = () if PROCESS.fullmatch(value) else vocabularies(event).get(field, ())
    word = next((text(f"{home}.{value}", lang) for home in homes if known(f"{home}.{value}")), value)
    return process_name(word, lang)


def details(event: str, body: Mapping[str, Any], lang: str) -> str:
    """Return what an event's codes say beside its sentence: how it was decided, on which ground, how satisfied."""
    found = ((f, body[f]) for f in TOLD if body.get(f) is not None and f not in SPOKEN.get(event, ()))
    colon = text("console.colon", lang)
    parts = [f"{text(f'console.field.{f}', lang)}{colon}{_value(event, f, v, lang)}" for f, v in found]
    return text("console.comma", lang).join(parts)


def called(body: Mapping[str, Any], lang: str) -> str:
    """Return what one callback brought: not reached, or solved and satisfied or not."""
    if not body["reached"]:
        return text("console.no.reached", lang)
    return text("console.comma", lang).join(label(f, body[f], lang) for f in ("solved", "satisfaction") if body.get(f))


def _value(event: str, field: str, value: object, lang: str) -> str:
    """Return a code in words: yes and no by their field, others by the first of the catalogue's homes that knows them."""
    if isinstance(value, bool):
        answer = "yes" if value else "no"
        keys = [f"console.{answer}.{'approve' if field == 'granted' else field}", f"console.{answer}"]
    else:
        homes = (
            *vocabularies(event).get(field, ()),
            field,
            f"console.choice.{field}",
            *(f"console.choice.{c}.{field}" for c in GROUNDED),
            *OF_A_WAY,
        )
        keys = [f"{home}.{value}" for home in homes]
    return next((text(k, lang) for k in keys if known(k)), str(value))
