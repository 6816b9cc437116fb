"""A city of one's own comes from files: named before it is written, whole or not at all; passwords and systems are not theirs."""

import io
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cli.found import SHORTEST, found, password, system
from cli.load import load
from simulation.city import DEMO_PASSWORD, FOLDER
from storage.accounts import find_account, find_session, open_session, password_fits
from storage.city import setting
from storage.models import AccountRow, AuditRow, UnitRow
from storage.unit_of_work import Database
from tests.factories.city import rows

SECRET = "a long enough secret"


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def database(sqlite_url: str) -> Database:
    return Database(sqlite_url)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The sample city's files, to be changed."""
    return Path(shutil.copytree(FOLDER, tmp_path / "city"))


def edit(files: Path, name: str, old: str, new: str) -> None:
    path = files / name
    before = path.read_text(encoding="utf-8")
    assert old in before
    path.write_text(before.replace(old, new), encoding="utf-8")


def typed(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(words + "\n"))


def may_enter(database: Database, user: str, words: str) -> bool:
    with database.read() as connection:
        account = find_account(connection, user)
    return account is not None and password_fits(account[1], words)


def test_without_apply_it_names_what_differs_and_writes_nothing(
    database: Database, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(database.url, files, pack="haikou", apply=False) == 1
    said = capsys.readouterr().out
    assert "new      unit  housing" in said
    assert "new      account  dispatcher" in said
    assert rows(database, UnitRow) == rows(database, AccountRow) == rows(database, AuditRow) == []


def test_applied_it_is_there_and_nothing_differs_any_more(
    database: Database, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert found(database.url, files, pack="haikou", apply=True) == 0
    assert found(database.url, files, pack="haikou", apply=False) == 0
    with database.read() as connection:
        assert setting(connection, "pack") == "haikou"
        account = find_account(connection, "liaison.housing")
    assert rows(database, UnitRow, code="housing")[0].level == "city"
    assert account is not None
    assert (account[0].roles, account[0].unit) == (("unit_liaison",), "housing")
    assert not may_enter(database, "operator", DEMO_PASSWORD), "nobody enters before he has a password"
    typed(monkeypatch, SECRET)
    assert password(database.url, "operator") == 0
    assert may_enter(database, "operator", SECRET)
    written = {r.subject for r in rows(database, AuditRow, action="found")}
    assert {"unit/housing", "account/operator", "setting/pack", "item/road-pothole"} <= written


def test_who_is_named_no_longer_is_switched_off_and_signed_out_and_all_else_stays(
    database: Database, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(database.url, files, pack="haikou", apply=True)
    typed(monkeypatch, SECRET)
    password(database.url, "dispatcher")
    assert system(database.url, "housing", "https://housing.example/messages") == 0
    now = datetime.now(UTC)
    with database.write() as connection:
        leaving = find_account(connection, "auditor")
        assert leaving is not None
        token = open_session(connection, leaving[0], now, timedelta(hours=1)).token
    secret = rows(database, UnitRow, code="housing")[0].secret
    edit(files, "accounts.yaml", "  auditor: [审计员, Auditor, [auditor], null]\n", "")
    edit(files, "accounts.yaml", "dispatcher: [派单员, Dispatcher,", "dispatcher: [派单员, Dispatcher on duty,")
    edit(files, "units.yaml", "City Housing and Construction Bureau", "City Housing Bureau")
    assert found(database.url, files, pack="haikou", apply=True) == 0
    with database.read() as connection:
        assert find_account(connection, "auditor") is None
        assert find_session(connection, token, now) is None
        dispatcher = find_account(connection, "dispatcher")
    (housing,) = rows(database, UnitRow, code="housing")
    assert (housing.name_en, housing.endpoint, housing.secret) == (
        "City Housing Bureau",
        "https://housing.example/messages",
        secret,
    )
    assert dispatcher is not None
    assert dispatcher[0].name_en == "Dispatcher on duty"
    assert may_enter(database, "dispatcher", SECRET)
    changed = {(r.subject, *r.fields) for r in rows(database, AuditRow, action="found") if r.at >= now}
    assert {("account/auditor", "off"), ("account/dispatcher", "changed"), ("unit/housing", "changed")} <= changed
    assert found(database.url, files, pack="haikou", apply=False) == 0


def test_after_the_sample_city_its_known_passwords_end_with_its_accounts(database: Database, files: Path) -> None:
    load(database.url, pack="haikou", departments=None)
    assert may_enter(database, "operator", DEMO_PASSWORD)
    edit(files, "accounts.yaml", "  operator:", "  night.operator:")
    found(database.url, files, pack="haikou", apply=True)
    assert not may_enter(database, "operator", DEMO_PASSWORD)


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("units.yaml", "city:\n", "cities:\n", "'city' is missing"),
        ("units.yaml", "[housing,", "[urban,", "unit urban occurs twice"),
        ("accounts.yaml", "[auditor], null]", "[inspector_general], null]", "no role inspector_general"),
        ("accounts.yaml", "Auditor, [auditor], null]", "Auditor, [auditor], moon]", "account auditor names moon"),
        ("items.yaml", "street-lights, [", "nobody, [", "item street-light-out names nobody"),
        ("items.yaml", 'version: "2026.1"', "version: [", "while parsing"),
    ],
)
def test_wrong_files_are_refused_with_what_is_wrong_and_nothing_is_written(
    database: Database,
    files: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    old: str,
    new: str,
    told: str,
) -> None:
    edit(files, name, old, new)
    assert found(database.url, files, pack="haikou", apply=True) == 2
    assert told in " ".join(capsys.readouterr().out.split())
    assert rows(database, UnitRow) == []


def test_files_that_are_not_there_and_a_pack_that_is_none_are_refused(
    database: Database, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert found(database.url, files, pack="nowhere", apply=True) == 2
    assert "pack nowhere" in capsys.readouterr().out
    (files / "items.yaml").unlink()
    assert found(database.url, files, pack="haikou", apply=True) == 2
    assert "items.yaml" in capsys.readouterr().out


@pytest.mark.parametrize("words", ["", "x" * (SHORTEST - 1), DEMO_PASSWORD])
def test_a_short_or_known_password_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    load(database.url, pack="haikou", departments=None)
    before = rows(database, AccountRow, user="operator")[0].password_hash
    typed(monkeypatch, words)
    assert password(database.url, "operator") == 2
    assert rows(database, AccountRow, user="operator")[0].password_hash == before
    assert rows(database, AuditRow) == []


def test_a_system_is_given_and_taken_and_its_secret_is_shown_once(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    load(database.url, pack="haikou", departments=None)
    assert system(database.url, "housing", "https://housing.example/messages") == 0
    (row,) = rows(database, UnitRow, code="housing")
    assert capsys.readouterr().out.splitlines()[-1] == row.secret
    assert system(database.url, "housing", None) == 0
    (row,) = rows(database, UnitRow, code="housing")
    assert (row.endpoint, row.secret) == (None, None)
    assert [(r.subject, r.fields) for r in rows(database, AuditRow)] == [("unit/housing", ["system"])] * 2


def test_who_does_not_exist_is_told_and_not_on_record(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, SECRET)
    assert password(database.url, "nobody") == 2
    assert system(database.url, "nowhere", "https://nowhere.example/") == 2
    assert system(database.url, "nowhere", "ftp://nowhere.example/") == 2
    assert rows(database, AuditRow) == []
