"""经过: the events of a process with the words their viewer may read, and the ledger of its clocks."""

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, Final, get_args, get_origin

from api.cases.explaining import lines_of
from api.cases.schemas import EventOut, Ledger, LedgerClock, LedgerEntry
from api.cases.view import split_key, visible_clock
from api.decisions.schemas import inner_of
from domain.clock import Clock
from domain.deciders import DECIDERS
from domain.disclosure import Field
from domain.keeping import Running
from domain.proceeding import StageChanged
from storage.cases import CASE
from storage.texts import known, sentence, text

REFERENCE: Final = re.compile(r"([\w/.:@+-]+)#([a-z_]+(?:\.[a-z_0-9]+)*)")
CLOCK_EVENTS: Final = frozenset(
    {"clock_set", "clock_stopped", "warning_given", "overdue_reached", "overdue_annulled", "timer_rang"}
)
CLOSED_TO_UNITS: Final = frozenset(
    {"effect_failed", "effect_retried", "effect_redirected", "effect_waived", "matter_raised", "matter_settled"}
)
"""Events a unit is not shown: the centre's own affairs."""


def references(body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return the fields that refer to words, with command and field; one within a row by its place: ``milestones.0.what``."""
    return {name: (m[1], m[2]) for name, value in leaves(body) if (m := REFERENCE.fullmatch(value))}


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Go through all texts of a plain value, with their places."""
    match value:
        case str():
            yield at, value
        case Mapping():
            for name, inner in value.items():
                yield from leaves(inner, f"{at}.{name}" if at else str(name))
        case list() | tuple():
            for n, inner in enumerate(value):
                yield from leaves(inner, f"{at}.{n}")
        case _:
            return


def order_of(event: Any) -> str | None:
    """Return the order an event is about."""
    if event.type in CLOCK_EVENTS:
        key = event.body["clock"]["key"] if event.type == "clock_set" else event.body.get("key", "")
        return split_key(key)[0]
    order = event.body.get("order")
    return order if isinstance(order, str) else None


def visible(event: Any, fields: frozenset[Field], orders: frozenset[str]) -> bool:
    """Say whether a viewer of these fields and orders is shown the event."""
    if Field.orders_all in fields:
        return True
    if event.type in CLOSED_TO_UNITS:
        return False
    if event.type in CLOCK_EVENTS:
        key = event.body["clock"]["key"] if event.type == "clock_set" else event.body.get("key", "")
        return visible_clock(key, orders)
    order = order_of(event)
    return order is None or order in orders


def event_out(
    event: Any, texts: Mapping[str, Mapping[str, str]], fields: frozenset[Field], own: frozenset[str], lang: str
) -> EventOut:
    """Return an event with its words, as far as they may be read."""
    order = order_of(event)
    readable = Field.texts_all in fields or (Field.texts_own in fields and order in own)
    refs = references(event.body)
    words = {n: texts[c][f] for n, (c, f) in refs.items() if readable and f in texts.get(c, {})}
    return EventOut(
        seq=event.seq,
        type=event.type,
        at=event.at,
        recorded_at=event.recorded_at,
        by=event.body.get("by"),
        order=order,
        sentence=sentence(event.type, _flat(event, lang), lang),
        body={k: v for k, v in event.body.items() if k not in refs},
        texts=words,
    )


def ledger(state: Any, events: Sequence[Any], orders: frozenset[str] | None, lang: str) -> Ledger:
    """Return every clock of a process with all its changes; those of ``orders`` only, unless that is None."""
    entries: dict[str, list[LedgerEntry]] = {}
    for event in events:
        if event.type == "clock_set":
            clock = Clock.model_validate(event.body["clock"])
            entry = LedgerEntry(
                seq=event.seq,
                at=event.at,
                why=event.body["why"],
                clock=event.body["clock"],
                lines=lines_of(clock, lang),
            )
            entries.setdefault(clock.key, []).append(entry)
    return Ledger(
        no=state.no,
        calendar=state.calendar,
        pack=state.pack,
        pack_version=state.pack_version,
        clocks=tuple(_clocks(state.clocks, entries, orders, lang)),
    )


def _clocks(
    clocks: Mapping[str, Running],
    entries: Mapping[str, Sequence[LedgerEntry]],
    orders: frozenset[str] | None,
    lang: str,
) -> Iterator[LedgerClock]:
    for key, running in clocks.items():
        if orders is not None and not visible_clock(key, orders):
            continue
        yield LedgerClock(
            key=key,
            label=text(f"clock.{split_key(key)[1]}", lang),
            stopped_at=running.stopped_at,
            met=running.met,
            overdue_at=running.overdue_at,
            annulled=running.annulled,
            entries=tuple(entries.get(key, ())),
        )


def _flat(event: Any, lang: str) -> dict[str, Any]:
    """Return an event's body for its sentence: the key of its clock beside the rest, words of closed vocabularies labelled."""
    if event.type == "clock_set":
        return {**event.body, "key": event.body["clock"]["key"]}
    homes = vocabularies(event.type)
    return {name: _labelled(homes.get(name, ()), value, lang) for name, value in event.body.items()}


def _labelled(homes: Sequence[str], value: Any, lang: str) -> Any:
    if isinstance(value, list):
        return [_labelled(homes, one, lang) for one in value]
    return next((text(f"{home}.{value}", lang) for home in homes if known(f"{home}.{value}")), value)


@cache
def vocabularies(event: str) -> Mapping[str, Sequence[str]]:
    """Return where the catalogue may label the fields of an event whose words are a closed vocabulary, whatever kind it is of.

    A process beside the case may keep such a word as a plain one; what the catalogue does not know stays as it is.
    """
    found: dict[str, Sequence[str]] = {"stage": ("stage",)} if event == StageChanged.TYPE else {}
    kind, model = next(((k, d.events[event]) for k, d in DECIDERS.items() if event in d.events), ("", None))
    for name, info in model.model_fields.items() if model is not None else ():
        if (words := words_of(info.annotation)) is not None:
            found[name] = homes_of(kind, name, words)
        elif kind != CASE and inner_of(info.annotation) is str:
            found[name] = (f"{kind}_{name}", name)
    return found


def words_of(annotation: Any) -> type[Enum] | None:
    """Return the closed vocabulary that a field holds a word of, or several, or None."""
    inner = inner_of(annotation)
    inner = inner_of(get_args(inner)[0]) if get_origin(inner) is tuple else inner
    return inner if isinstance(inner, type) and issubclass(inner, Enum) else None


def homes_of(kind: str, field: str, words: type[Enum]) -> tuple[str, ...]:
    """Return where a word may be labelled: under its vocabulary (``ItemState`` → ``item_state``), or its field."""
    vocabulary = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", words.__name__).lower()
    return (f"{kind}_{vocabulary}", vocabulary, f"{kind}_{field}", field)
