"""What names an effect in a command holds as much as the journal: one that could not be named could be settled by nobody."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.incidents import COMMANDS, FailEffect
from storage.models import EffectRow, IncidentRow

LADDER = "supervision/20260105-000001/on_site/20260105-000001-1.urge.supervise/listed"


def room(model: Any, column: str) -> int:
    return int(model.__table__.c[column].type.length)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_takes_the_longest_id_an_effect_may_have_and_no_longer_one(name: str) -> None:
    effect: TypeAdapter[Any] = TypeAdapter(COMMANDS[name].__annotations__["effect"])
    longest = LADDER + "x" * (room(EffectRow, "id") - len(LADDER))
    assert effect.validate_python(longest) == longest
    with pytest.raises(ValidationError):
        effect.validate_python(longest + "x")


def test_what_a_long_ladder_owes_may_fail() -> None:
    target = "accountability/housing/" + LADDER.replace("/", ".")
    failed = FailEffect(effect=f"{LADDER}/112/14", kind="start", target=target, code="no_calendar")
    assert 80 < len(failed.effect) <= room(IncidentRow, "effect")
    assert 80 < len(failed.target) <= room(IncidentRow, "target")
