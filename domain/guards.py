"""Small checks that rules of every process share. Each refuses with a stable code."""

from domain.process import Context, Refusal


def four_eyes(context: Context, *others: str | None) -> None:
    """Refuse with ``four_eyes`` when the actor is one of those who must be somebody else."""
    if context.actor.user in others:
        raise Refusal("four_eyes", user=context.actor.user)


def not_a_party(context: Context, *units: str | None) -> None:
    """Refuse with ``recusal`` when the actor's unit is a party: nobody decides on his own unit's dispute."""
    if context.actor.unit is not None and context.actor.unit in units:
        raise Refusal("recusal", unit=context.actor.unit)


def known_units(context: Context, *codes: str | None) -> None:
    """Refuse with ``unknown_unit`` unless every code is a unit that is active."""
    for code in codes:
        if code is None:
            continue
        unit = context.facts.units.get(code)
        if unit is None or not unit.active:
            raise Refusal("unknown_unit", unit=code)
