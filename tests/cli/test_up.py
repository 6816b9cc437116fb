"""`make up` keeps its parts running: whatever is killed is started again, and what cannot be helped so is not tried for ever."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from cli import up as module
from cli.servers import ServerError


class Parts:
    """A stack whose parts end as told; Ctrl-C comes when nobody is left to end."""

    def __init__(self, *ends: list[str], broken: str | None = None) -> None:
        self.ends: Iterator[list[str]] = iter(ends)
        self.broken = broken
        self.started: list[str] = []

    def start_again(self, part: str) -> None:
        if part == self.broken:
            raise ServerError(f"{part} does not start")
        self.started.append(part)


def kept(monkeypatch: pytest.MonkeyPatch, parts: Parts) -> tuple[list[str] | None, str]:
    """What keeping them running returns (None: Ctrl-C), and what was said."""

    def wait(stack: Any) -> list[str]:
        try:
            return next(stack.ends)
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(module, "wait_while_running", wait)
    said = io.StringIO()
    try:
        return module.keep_running(parts, Console(file=said)), said.getvalue()  # type: ignore[arg-type]  # acts like one
    except KeyboardInterrupt:
        return None, said.getvalue()


def test_what_is_killed_is_started_again_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts(["worker"], ["api", "temporal"], ["worker"])
    ended, said = kept(monkeypatch, parts)
    assert ended is None
    assert parts.started == ["worker", "api", "temporal", "worker"]
    assert said.count("started again: worker") == 2


def test_what_ends_again_and_again_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = Parts(*[["worker"]] * 10)
    assert kept(monkeypatch, parts)[0] == ["worker"]
    assert parts.started == ["worker"] * module.MOST_STARTS


def test_ends_that_lie_far_apart_do_not_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 50))
    monkeypatch.setattr("cli.up.time.monotonic", lambda: float(next(clock)))
    parts = Parts(*[["worker"]] * 10)
    assert kept(monkeypatch, parts)[0] is None
    assert len(parts.started) == 10


def test_what_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ended, said = kept(monkeypatch, Parts(["temporal"], broken="temporal"))
    assert ended == ["temporal"]
    assert "temporal does not start" in said
