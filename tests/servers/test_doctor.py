from pathlib import Path

import pytest

from cli import doctor, servers
from cli.doctor import Finding, State
from cli.servers import temporal


def test_every_text_exists_in_both_languages() -> None:
    assert all(zh and en and zh != en for zh, en in doctor.TEXTS.values())


@pytest.mark.parametrize(("state", "code"), [(State.OK, 0), (State.OPTIONAL, 0), (State.MISSING, 1)])
def test_exit_code_is_one_only_when_something_needed_is_missing(
    state: State, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "CHECKS", (lambda: Finding("disk", state, "1 GiB", "disk"),))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    assert doctor.main() == code
    assert ("free some space" in capsys.readouterr().out) == (state is not State.OK)


@pytest.mark.parametrize(("language", "word"), [("zh_CN.UTF-8", "正常"), ("C.UTF-8", "ok")])
def test_language_is_that_of_the_terminal(language: str, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", language)
    assert doctor.text("ok") == word


def test_machine_without_anything_lacks_a_temporal_server_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("TEMPORAL_ADDRESS", raising=False)
    monkeypatch.setattr(temporal, "download_reachable", lambda: False)
    states = {check().state for check in (doctor.check_go, doctor.check_java, doctor.check_chromium)}
    assert states == {State.OPTIONAL}
    assert doctor.check_temporal().state is State.MISSING


def test_a_given_address_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "10.0.0.1:7233")
    assert servers.given_address() == "10.0.0.1:7233"
    assert doctor.check_temporal().found == "TEMPORAL_ADDRESS=10.0.0.1:7233"
