"""Forms without a browser: rows within rows, days, instants and codes as people write them; facts as tables."""

from datetime import UTC, date, datetime
from typing import Annotated, ClassVar, Literal

import pytest
from pydantic import Field
from starlette.datastructures import FormData, UploadFile

from api.console.facts import Names, facts
from api.console.forms import Kind, Known, Option, flat, form_fields, read_form, subject_fields
from api.console.kinds import PLAIN
from api.decisions.schemas import Asked, _asked
from api.problems import Wrong
from domain.limits import UtcInstant
from domain.model import Model, Strict
from domain.proceeding import Proceeding
from domain.process import Code, Command, TextRef


class Step(Strict):
    what: TextRef
    due: date


class Part(Strict):
    unit: Code
    what: TextRef
    nature: Literal["one", "many"] = "one"
    steps: tuple[Step, ...] = ()


class Plan(Command):
    NAME: ClassVar[str] = "plan_everything"
    item: Code
    at: UtcInstant
    parts: Annotated[tuple[Part, ...], Field(min_length=1)]
    notes: tuple[TextRef, ...] = ()
    words: tuple[Literal["one", "many"], ...] = ()
    single: Step | None = None
    holder: Code | None = None


KNOWN = Known(units={"housing": "市住建局"}, kind="session", options={"item": (Option("i1", "i1 · 路灯"),)})


def plan() -> Asked:
    return _asked("session", "plan_everything", Plan)


def sent(**values: str | list[str]) -> FormData:
    pairs: list[tuple[str, str | UploadFile]] = [
        (n.replace("__", "-"), v) for n, many in values.items() for v in ([many] if isinstance(many, str) else many)
    ]
    return FormData(pairs)


def test_a_form_becomes_the_body_it_describes_and_empty_rows_are_nothing() -> None:
    found = read_form(
        plan(),
        sent(
            item="i1",
            at="2026-03-02T09:30",
            parts__0__unit="市住建局 (housing)",
            parts__0__what="排查",
            parts__0__nature="many",
            parts__0__steps__1__what="摸底",
            parts__0__steps__1__due="2026-03-09",
            parts__1__nature="one",
            parts__3__unit="housing",
            notes="第一条\r\n\r\n 第二条 ",
            words=["one", "many"],
            holder=" 20260302-000001 ",
        ),
        KNOWN,
    )
    assert found == {
        "item": "i1",
        "at": "2026-03-02T09:30:00+08:00",
        "parts": [
            {
                "unit": "housing",
                "what": "排查",
                "nature": "many",
                "steps": [{"what": "摸底", "due": "2026-03-09"}],
            },
            {"unit": "housing", "steps": []},
        ],
        "notes": ["第一条", "第二条"],
        "words": ["one", "many"],
        "holder": "case/20260302-000001",
    }


def test_what_was_given_stands_in_its_row_and_what_is_wrong_beside_it() -> None:
    given = {
        "at": "2026-03-02T01:30:00+00:00",
        "parts": [{"unit": "housing", "steps": [{"what": "摸底"}]}],
        "notes": ["一", "二"],
    }
    wrong = [Wrong("/parts/0/steps/0/due", "missing"), Wrong("/parts", "too_short", {"least": 2, "most": 9})]
    fields = {f.name: f for f in flat(form_fields(plan(), None, KNOWN, "zh", given, wrong))}
    assert fields["at"].kind is Kind.instant
    assert fields["at"].value == "2026-03-02T09:30"
    assert fields["parts-0-unit"].value == "市住建局 (housing)"
    assert fields["parts-0-steps-0-what"].value == "摸底"
    assert fields["parts-0-steps-0-due"].kind is Kind.day
    assert fields["parts-0-steps-0-due"].wrong
    assert fields["parts-0-steps-0-due"].home == "due"
    assert fields["parts"].wrong
    assert not fields["parts-0-steps"].wrong
    assert fields["notes"].value == "一\n二"
    assert (fields["item"].kind, [o.value for o in fields["item"].options]) == (Kind.choice, ["i1"])
    assert fields["words"].kind is Kind.several
    assert [n for n in fields if n.startswith("single")] == ["single", "single-what", "single-due"]


def test_another_row_is_there_when_it_is_asked_for() -> None:
    def rows(more: str) -> int:
        fields = form_fields(plan(), None, KNOWN, "zh", {"parts": [{"unit": "a"}, {"unit": "b"}]}, (), more)
        return len(next(f for f in fields if f.name == "parts").rows)

    assert (rows(""), rows("parts")) == (3, 4)


@pytest.mark.parametrize(("subject", "settled"), [("i2", {"item": "i2"}), ("housing", {}), (None, {})])
def test_the_subject_of_a_todo_settles_the_field_it_is_for(subject: str | None, settled: dict[str, str]) -> None:
    assert subject_fields(plan(), subject) == settled


# ------------------------------------------------------------------------------------------------------------------- facts


class Voice(Model):
    unit: str
    opinion: str
    basis: str
    empty: str | None = None


class Talk(Proceeding):
    question: str = ""
    silent: bool = False
    voices: dict[str, dict[str, Voice]] = Field(default_factory=dict)
    carried: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    asked_at: datetime | None = None


def test_facts_are_lines_and_tables_in_words_with_nothing_empty_and_nothing_twice() -> None:
    voice = Voice(unit="housing", opinion="mine", basis="d/1#basis")
    state = Talk(
        no="1",
        question="d/1#question",
        voices={"i1": {"housing": voice}},
        carried={"ring/1/middle/1": ("i1", "i2")},
        asked_at=datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
    )
    names = Names("consultation", {"housing": "市住建局"}, {}, {"d/1#question": "谁来管？", "d/1#basis": "清单"})
    lines, tables = facts(state, PLAIN, names)
    assert [(line.name, [c.text for c in line.cells]) for line in lines] == [
        ("question", ["谁来管？"]),
        ("asked_at", ["2026-03-02 09:30"]),
    ]
    voices, carried = tables
    assert voices.columns[:2] == ("议题", "单位")
    assert [[c.text for cell in row for c in cell] for row in voices.rows] == [["i1", "市住建局", "属我单位", "清单"]]
    assert [[c.text for cell in row for c in cell] for row in carried.rows] == [["环 1/middle/1", "i1", "i2"]]


def test_words_that_may_not_be_read_leave_no_reference() -> None:
    lines, _ = facts(Talk(no="1", question="d/1#question"), PLAIN, Names("consultation", {}, {}, {}))
    assert "#" not in lines[0].cells[0].text
