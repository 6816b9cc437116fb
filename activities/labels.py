"""What the Temporal UI says, in Chinese: a timer with its rule and instant, an effect with its unit, a process at a glance."""

from collections.abc import Callable, Mapping
from typing import Any

from domain.clock import wall
from domain.kernel import ArmedTimer
from domain.process import Card
from storage.texts import known, limit_words, text

Names = Callable[[str], str]
"""Unit codes to the names of the units; anything else stays as it is."""

MOST = 120  # characters: a summary may have 400 bytes


def timer_summary(timer: ArmedTimer) -> str:
    """Return such as 办理时限 7 个工作日 到期 → 2026-03-02 24:00（haikou/handle/routine/complaint）."""
    part = text(f"part.{timer.part}", "zh")
    at = wall(timer.at, end=True)
    return f"{text(f'clock.{timer.what}', 'zh')} {limit_words(timer.limit)} {part} → {at}（{timer.rule}）"[:MOST]


def effect_summary(kind: str, target: str, body: Mapping[str, Any], names: Names) -> str:
    """Return such as 派单 → 市住房和建设局."""
    what = body.get("what") or body.get("command") or kind
    return f"{text(f'effect.{what}', 'zh')} → {names(target)}"[:MOST]


def details_text(card: Card, names: Names) -> str:
    """Return the markdown that the UI shows as current details: stage, who is awaited, until when."""
    until = wall(card.until, end=True) if card.until else "—"
    awaited = "、".join(text(f"role.{a}", "zh") if known(f"role.{a}") else names(a) for a in card.awaited) or "—"
    return f"**{text(f'stage.{card.stage}', 'zh')}** · 等待：{awaited} · 截止：{until}"
