"""异常: an effect that could not be performed waits for a person, who retries, redirects or waives it (architecture 1.4).

The same for every kind of process, so no decider has to think about it; :mod:`domain.kernel` calls it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, ClassVar, TypeAlias

from pydantic import Field

from domain.model import Model
from domain.process import CODE, Code, Command, Context, Event, Refusal, TextRef, Todo

EffectId = Annotated[str, Field(min_length=1, max_length=300, pattern=CODE)]
"""The id of an effect: that of its process, which may be long, with its place behind it."""
Target = Annotated[str, Field(min_length=1, max_length=200, pattern=CODE)]
"""Whom an effect reaches: a unit, or another process."""


class Incident(Model):
    """An effect that could not be performed and waits for a person."""

    effect: str
    kind: str
    target: str
    code: str
    attempt: int
    since: datetime


Incidents: TypeAlias = Mapping[str, Incident]
"""The open incidents of a process by the id of their effect."""


class FailEffect(Command):
    """An effect could not be performed within its budget: it becomes an incident."""

    NAME: ClassVar[str] = "fail_effect"
    effect: EffectId
    kind: Code
    target: Target
    code: Code
    attempt: int = 1


class RetryEffect(Command):
    """An operator lets an incident's effect be tried again."""

    NAME: ClassVar[str] = "retry_effect"
    effect: EffectId


class RedirectEffect(Command):
    """An operator has an incident's effect performed another way: by hand (``manual``), with how it was done."""

    NAME: ClassVar[str] = "redirect_effect"
    effect: EffectId
    channel: Code
    note: TextRef


class WaiveEffect(Command):
    """An operator decides that an incident's effect is no longer owed, with the reason."""

    NAME: ClassVar[str] = "waive_effect"
    effect: EffectId
    reason: TextRef


class EffectFailed(Event):
    """An effect could not be performed: it is an incident from now on."""

    TYPE: ClassVar[str] = "effect_failed"
    effect: str
    kind: str
    target: str
    code: str
    attempt: int


class EffectRetried(Event):
    """An operator had the effect tried again."""

    TYPE: ClassVar[str] = "effect_retried"
    effect: str
    by: str
    attempt: int


class EffectRedirected(Event):
    """An operator had the effect performed another way."""

    TYPE: ClassVar[str] = "effect_redirected"
    effect: str
    by: str
    channel: str
    note: str


class EffectWaived(Event):
    """An operator decided that the effect is no longer owed."""

    TYPE: ClassVar[str] = "effect_waived"
    effect: str
    by: str
    reason: str


COMMANDS: Mapping[str, type[Command]] = {c.NAME: c for c in (FailEffect, RetryEffect, RedirectEffect, WaiveEffect)}
EVENTS: Mapping[str, type[Event]] = {e.TYPE: e for e in (EffectFailed, EffectRetried, EffectRedirected, EffectWaived)}


def handle(
    process: str, incidents: Incidents, command: Command, context: Context
) -> tuple[Sequence[Event], dict[str, str], tuple[str, ...]]:
    """Return the events, the status each effect gets, and the effects to start again. Refuses what is no open incident."""
    match command:
        case FailEffect():
            if command.effect in incidents:
                raise Refusal("incident_open", effect=command.effect)
            if not command.effect.startswith(f"{process}/"):
                raise Refusal("unknown_effect", effect=command.effect)
            failed = EffectFailed(**command.model_dump())
            return [failed], {command.effect: "incident"}, ()
        case RetryEffect():
            incident = _open(incidents, command.effect)
            retried = EffectRetried(effect=command.effect, by=context.actor.user, attempt=incident.attempt + 1)
            return [retried], {command.effect: "planned"}, (command.effect,)
        case RedirectEffect():
            _open(incidents, command.effect)
            redirected = EffectRedirected(
                effect=command.effect, by=context.actor.user, channel=command.channel, note=command.note
            )
            return [redirected], {command.effect: "redirected"}, ()
        case WaiveEffect():
            _open(incidents, command.effect)
            waived = EffectWaived(effect=command.effect, by=context.actor.user, reason=command.reason)
            return [waived], {command.effect: "waived"}, ()
        case _:
            raise Refusal("unknown_command", command=command.NAME)


def apply(incidents: Incidents, event: Event, at: datetime) -> dict[str, Incident]:
    """Return the incidents that are open after an event; total, as every ``apply``."""
    match event:
        case EffectFailed():
            return {**incidents, event.effect: Incident(since=at, **event.model_dump())}
        case EffectRetried() | EffectRedirected() | EffectWaived():
            return {k: v for k, v in incidents.items() if k != event.effect}
        case _:
            return dict(incidents)


def todo(incident: Incident) -> Todo:
    """Return the operator's todo for an open incident."""
    return Todo(
        key=f"incident/{incident.effect}",
        role="operator",
        commands=("retry_effect", "redirect_effect", "waive_effect"),
        since=incident.since,
        rule="incident",
        subject=incident.effect,
        hint={"kind": incident.kind, "target": incident.target, "code": incident.code},
    )


def _open(incidents: Incidents, effect: str) -> Incident:
    if effect not in incidents:
        raise Refusal("no_such_incident", effect=effect)
    return incidents[effect]
