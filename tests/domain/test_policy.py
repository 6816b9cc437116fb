"""The packs on file: complete, each number with a source, derived as they say; and what a rule says of itself."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import storage.policies
from domain.calendar import ONE_DAY
from domain.clock import Limit, Warn, start_clock
from domain.derivation import scaled
from domain.policy import Pack, PolicyError, Proof, Terms, co_limit
from storage.policies import PolicyFileError, load_pack, pack_ids
from tests.domain.clock_helpers import CN, sh

HAIKOU, DEMO = load_pack("haikou"), load_pack("demo")


def parse(text: str) -> Limit:
    return Limit.parse(text)


# Every number has a source ------------------------------------------------------------------------------------------


def numbers_without_source(value: object, path: str = "", sourced: bool = False) -> Iterator[str]:
    """Paths of limits and integers that have no ``source`` beside or above them, nor ``<name>_source`` for the key."""
    if isinstance(value, dict):
        sourced = sourced or bool(value.get("source"))
        for key, item in value.items():
            yield from numbers_without_source(item, f"{path}.{key}", sourced or bool(value.get(f"{key}_source")))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from numbers_without_source(item, f"{path}[{index}]", sourced)
    elif not sourced and not isinstance(value, bool) and (isinstance(value, int) or is_limit(value)):
        yield path


def is_limit(value: object) -> bool:
    try:
        parse(str(value))
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("pack_id", pack_ids())
def test_every_number_of_a_pack_has_a_source(pack_id: str) -> None:
    assert list(numbers_without_source(load_pack(pack_id).model_dump(mode="json"))) == []


def test_the_search_for_numbers_without_source_finds_one() -> None:
    assert list(numbers_without_source({"a": {"b": "7wd"}, "c": [3]})) == [".a.b", ".c[0]"]


@pytest.mark.parametrize("pack_id", pack_ids())
def test_a_pack_survives_json_inside_the_terms_of_a_case(pack_id: str) -> None:
    terms = Terms.pin(load_pack(pack_id), CN, sh("2026-03-02 10:00"))
    assert Terms.model_validate_json(terms.model_dump_json()) == terms


def test_terms_of_a_newer_release_can_be_read() -> None:
    stored = Terms.pin(HAIKOU, CN).model_dump(mode="json")
    stored["pack"]["later"] = stored["pack"]["callback"]["later"] = 1
    assert Terms.model_validate(stored) == Terms.pin(HAIKOU, CN)


# The sourced limits of domain.md 5.1 --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pack_id", "triage", "case_type", "limit"),
    [
        ("haikou", "routine", "complaint", "7wd"),
        ("haikou", "routine", "report", "7wd"),
        ("haikou", "routine", "consult", "3wd"),
        ("haikou", "routine", "help", "3wd"),
        ("haikou", "routine", "suggestion", "3wd"),
        ("haikou", "disputed", "complaint", "7wd"),
        ("haikou", "hard", "consult", "3wd"),
        ("haikou", "urgent", "consult", "24h"),
        ("shandong-2020", "routine", "complaint", "5wd"),
        ("shandong-2020", "urgent", "complaint", "24h"),
        ("weifang-emergency", "urgent", "help", "24h"),
        ("demo", "routine", "complaint", "42s"),
        ("demo", "routine", "consult", "18s"),
        ("demo", "urgent", "consult", "24s"),
    ],
)
def test_handling_limits(pack_id: str, triage: str, case_type: str, limit: str) -> None:
    assert load_pack(pack_id).rule("handle", triage=triage, case_type=case_type).limit == parse(limit)


@pytest.mark.parametrize(
    ("kind", "triage", "haikou", "demo"),
    [
        ("auto_sign", "routine", "4wh", "4s"),
        ("auto_sign", "hard", "4wh", "4s"),
        ("auto_sign", "urgent", "30min", "1s"),
        ("respond", "urgent", "30min", "1s"),
        ("feedback", "urgent", "2h", "2s"),
        ("return_window", "routine", "2wd", "12s"),
        ("return_review1", "routine", "4wh", "4s"),
        ("return_review2", "routine", "4wh", "4s"),
        ("closed_to_archived", "routine", "7d", "42s"),
    ],
)
def test_step_limits(kind: str, triage: str, haikou: str, demo: str) -> None:
    found = [pack.rule(kind, triage=triage).limit for pack in (HAIKOU, DEMO)]
    assert found == [parse(haikou), parse(demo)]


def test_haikou_borrows_its_urgent_rows_with_their_source() -> None:
    rules = [HAIKOU.rule(kind, triage="urgent", case_type="help") for kind in ("handle", "respond", "feedback")]
    assert [r.id.split("/")[0] for r in rules] == ["weifang-emergency"] * 3
    assert {r.source for r in rules} == {"潍坊应急 (excerpt)"}


def test_an_urgent_row_that_is_only_our_default_is_not_called_borrowed() -> None:
    assert HAIKOU.rule("auto_sign", triage="urgent").id == "haikou/auto_sign/urgent"


def test_only_urgent_cases_have_a_limit_to_respond() -> None:
    assert [HAIKOU.has_step("respond", t) for t in HAIKOU.triages] == [t == "urgent" for t in HAIKOU.triages]


def test_counts_of_the_ladder_and_the_callback() -> None:
    ladder, callback = HAIKOU.ladder, HAIKOU.callback
    assert (ladder.urge_at.value, ladder.supervise_at.value, callback.attempts.value) == (2, 4, 3)


def test_return_and_extension_need_the_named_persons() -> None:
    assert HAIKOU.return_review.reviewers == ("order_reviewer", "shift_leader")
    assert (HAIKOU.return_review.escalate_to, HAIKOU.return_review.adjudicate_at.value) == ("centre_head", 2)
    extension = HAIKOU.extension
    assert (extension.cap.limit, extension.times.value, extension.beyond) == (parse("10wd"), 1, "city_office")


@pytest.mark.parametrize(
    ("code", "proof"),
    [
        ("solved", {Proof.accepted_reply, Proof.co_results, Proof.document, Proof.callback}),
        ("partly", {Proof.accepted_reply, Proof.co_results, Proof.document, Proof.callback}),
        ("explained", {Proof.reason, Proof.two_persons}),
        ("not_reasonable", {Proof.reason, Proof.two_persons}),
        ("terminated", {Proof.reason, Proof.two_persons}),
        ("mediated", {Proof.agreement}),
        ("merged", {Proof.leading_case}),
        ("declined", {Proof.reason, Proof.way_told, Proof.remedy}),
    ],
)
def test_proof_per_closing_code(code: str, proof: set[Proof]) -> None:
    assert set(HAIKOU.closing_code(code).proof) == proof


def test_satisfied_answers() -> None:
    assert [HAIKOU.is_satisfied(answer) for answer in HAIKOU.satisfaction.answers] == [True, True, True, False]


def test_handling_rules_carry_the_cards_and_steps_do_not() -> None:
    cards = Warn(yellow=parse("1wd"), red="next_working_day")
    assert (HAIKOU.rule("handle", case_type="help").warn, HAIKOU.rule("auto_sign").warn) == (cards, Warn())


# Co-units and grades -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lead", "co"), [("7wd", "6wd"), ("3wd", "2wd"), ("2wd", "2wd"), ("1wd", "1wd"), ("24h", "24h"), ("4wh", "4wh")]
)
def test_a_co_unit_is_due_one_working_day_before_the_lead(lead: str, co: str) -> None:
    assert co_limit(parse(lead), HAIKOU) == parse(co)


@pytest.mark.parametrize(
    ("triage", "case_type", "haikou", "demo"),
    [("routine", "complaint", "6wd", "36s"), ("routine", "help", "2wd", "12s"), ("urgent", "help", "24h", "24s")],
)
def test_the_rule_of_a_co_unit(triage: str, case_type: str, haikou: str, demo: str) -> None:
    found = [pack.rule("handle_co", triage=triage, case_type=case_type).limit for pack in (HAIKOU, DEMO)]
    assert found == [parse(haikou), parse(demo)]


def test_a_co_unit_rule_says_why_it_is_shorter() -> None:
    assert HAIKOU.rule("handle_co", case_type="complaint").source == (
        "海口 (press), M15; 协办 -1wd (our default (domain.md 18))"
    )


@pytest.mark.parametrize(
    ("triage", "grade", "limit"),
    [
        ("routine", "grade_normal", "7wd"),
        ("routine", "grade_urgent", "4wd"),
        ("hard", "grade_extra_urgent", "3wd"),
        ("urgent", "grade_extra_urgent", "24h"),  # the emergency row is short already
    ],
)
def test_the_grade_scales_the_limit_and_rounds_up(triage: str, grade: str, limit: str) -> None:
    assert HAIKOU.rule("handle", triage=triage, case_type="complaint", grade=grade).limit == parse(limit)


def test_a_redo_has_a_fresh_limit_of_the_same_length() -> None:
    redo = HAIKOU.rule("redo", case_type="complaint")
    assert (redo.limit, redo.id) == (parse("7wd"), "haikou/redo/routine/complaint")


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("unknown_rule", {"kind": "no_such_step"}),
        ("unknown_rule", {"kind": "respond"}),
        ("unknown_triage", {"kind": "handle", "triage": "odd"}),
        ("unknown_case_type", {"kind": "handle", "case_type": "odd"}),
        ("unknown_case_type", {"kind": "handle"}),
        ("unknown_grade", {"kind": "handle", "case_type": "help", "grade": "odd"}),
    ],
)
def test_an_unknown_rule_is_refused_by_code(code: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(PolicyError) as refused:
        HAIKOU.rule(**arguments)
    assert refused.value.code == code


def test_unknown_table_keys_are_refused_by_code() -> None:
    codes = []
    for ask in (HAIKOU.pause_type, HAIKOU.closing_code, HAIKOU.is_satisfied):
        with pytest.raises(PolicyError) as refused:
            ask("odd")
        codes.append(refused.value.code)
    assert codes == ["unknown_pause", "unknown_closing", "unknown_answer"]


# Demo is haikou but for scale ----------------------------------------------------------------------------------------


def differences(one: object, other: object, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in one.keys() | other.keys():
            yield from differences(one.get(key), other.get(key), (*path, key))
    elif one != other:
        yield path, one, other


def test_demo_equals_haikou_but_for_scale_and_name() -> None:
    renamed = {"id", "title", "scale", "scale_source"}
    haikou, demo = (pack.model_dump(mode="json", exclude=renamed) for pack in (HAIKOU, DEMO))
    unexplained = [
        (path, one, other)
        for path, one, other in differences(haikou, demo)
        if path[-1] != "nominal" and other != rescaled(one)
    ]
    assert unexplained == []


def rescaled(value: object) -> object:
    if value == "next_working_day":
        return "6s"
    return str(scaled(parse(str(value)), DEMO.scale)) if is_limit(value) else value


def test_demo_has_no_limit_left_in_days_or_hours() -> None:
    dump = DEMO.model_dump(mode="json", exclude={"co", "scale"})
    left = [
        path
        for path, _, value in differences({}, dump)
        for path, value in flat(value, path)
        if path[-1] != "nominal" and is_limit(value) and not value.endswith("s")
    ]
    assert left == []


def flat(value: object, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from flat(item, (*path, key))
    else:
        yield path, str(value)


def test_a_scaled_rule_says_what_it_stands_for() -> None:
    assert DEMO.rule("handle", case_type="complaint").nominal == parse("7wd")


def test_a_scale_rounds_up() -> None:
    scale = {"30min": parse("1s")}
    assert [scaled(parse(f"{n}min"), scale) for n in (1, 30, 31, 60)] == [parse(f"{n}s") for n in (1, 1, 2, 2)]


def test_the_clock_of_a_demo_case_runs_in_seconds() -> None:
    at = sh("2026-02-13 10:00")
    clock = start_clock("k", DEMO.rule("handle", case_type="complaint"), at, CN, DEMO.hours)
    assert clock.due is not None
    assert clock.due - at == timedelta(seconds=42)


# Callback days -------------------------------------------------------------------------------------------------------


def test_callback_days_are_days_in_shanghai() -> None:
    callback = HAIKOU.callback
    late, early = sh("2026-03-02 23:59"), sh("2026-03-03 00:00")
    assert callback.day_of(late) + 1 == callback.day_of(early)
    assert callback.next_day(late) == early
    assert callback.next_day(early) == early + ONE_DAY


def test_callback_days_of_the_demo_last_six_seconds() -> None:
    callback, at = DEMO.callback, sh("2026-03-02 10:00:01")
    assert callback.day_of(at) + 1 == callback.day_of(at + timedelta(seconds=6))
    assert timedelta() < callback.next_day(at) - at <= timedelta(seconds=6)
    assert callback.day_of(callback.next_day(at)) == callback.day_of(at) + 1


# Files that are not right --------------------------------------------------------------------------------------------


@pytest.fixture
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the policy files that a test may spoil."""
    for file in storage.policies.POLICIES.rglob("*.yaml"):
        copy = tmp_path / file.relative_to(storage.policies.POLICIES)
        copy.parent.mkdir(exist_ok=True)
        copy.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(storage.policies, "POLICIES", tmp_path)
    load_pack.cache_clear()
    storage.policies.load_calendar.cache_clear()
    return tmp_path


@pytest.fixture(autouse=True)
def _forget_spoilt_files() -> Iterator[None]:
    yield
    load_pack.cache_clear()
    storage.policies.load_calendar.cache_clear()


@pytest.mark.parametrize(
    ("old", "new", "line", "key"),
    [
        ('limit: 7wd, source: "海口', 'limit: 7 days, source: "海口', 12, "handle.routine.complaint.limit"),
        ('limit: 7wd, source: "海口', 'limt: 7wd, source: "海口', 12, "handle.routine.complaint.limit"),
        (', source: "海口 (press), M17"', "", 20, "ladder.urge_at.source"),
        ("    consult:", "    complaint:", 14, "handle.routine.complaint"),
        ("id: haikou", "id: [", None, None),
        ("derive: {from: _common", "derive: {from: nowhere", 2, "derive"),
        ("derive: {from: _common", "derive: {from: haikou", 2, "derive"),
        ("derive: {from: _common", "derive: {form: _common", None, "from"),
    ],
    ids=["no limit", "misspelt", "no source", "twice", "no yaml", "no parent", "own parent", "bad recipe"],
)
def test_a_pack_that_is_not_right_names_line_and_key(
    policies: Path, old: str, new: str, line: int | None, key: str | None
) -> None:
    file = policies / "packs" / "haikou.yaml"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PolicyFileError) as refused:
        load_pack("haikou")
    assert refused.value.file.name == "haikou.yaml"
    if key is not None:
        assert refused.value.key == key
    if line is not None:
        assert refused.value.line == line


def test_a_triage_class_without_limits_is_refused(policies: Path) -> None:
    file = policies / "packs" / "_common.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("{disputed: routine, hard: routine}", "{disputed: routine}"), encoding="utf-8")
    with pytest.raises(PolicyFileError, match="hard"):
        load_pack("haikou")


@pytest.mark.parametrize("name", ["nowhere", "_common", "../packs/haikou", "", "haikou.yaml"])
def test_an_unknown_pack_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(PolicyFileError, match="known: demo, demo-minutes, demo-surge, haikou"):
        load_pack(name)


def test_a_calendar_that_is_not_right_names_its_line(policies: Path) -> None:
    file = policies / "calendars" / "2026.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("2026-10-01..2026-10-07", "2026-10-07..2026-10-01"), encoding="utf-8")
    with pytest.raises(PolicyFileError, match=r"2026\.yaml:13: holidays\.6"):
        storage.policies.load_calendar()


def test_a_new_notice_replaces_the_provisional_year_and_keeps_it_for_pinned_cases(policies: Path) -> None:
    announced = "year: 2027\nversion: '2027.1'\nnotice: test\nprovisional: false\nholidays:\n"
    announced += "  - {name: 元旦, days: 2027-01-01..2027-01-03, make_up: [2027-01-10]}\n"
    (policies / "calendars" / "2027-1.yaml").write_text(announced, encoding="utf-8")
    newest = storage.policies.load_calendar()
    assert newest.version == "cn:2024.1+2025.1+2026.1+2027.1"
    assert storage.policies.load_calendar("cn:2026.1+2027.0").years[1].provisional


def test_packs_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        HAIKOU.version = "2"  # type: ignore[misc]


def test_a_pack_is_a_pack() -> None:
    assert isinstance(HAIKOU, Pack)
