"""What the Temporal UI says, in Chinese: a timer with its rule and instant, an effect with its unit, a process at a glance."""

from collections.abc import Mapping
from typing import Any

from domain.calendar import SHANGHAI
from domain.kernel import ArmedTimer
from domain.process import Card
from storage.texts import text

MOST = 120  # characters: a summary may have 400 bytes


def timer_summary(timer: ArmedTimer) -> str:
    """Return such as 办理时限 7wd → 2026-03-02 00:00（haikou/handle/routine/complaint）."""
    at = timer.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    part = text(f"part.{timer.part}", "zh")
    return f"{text(f'clock.{timer.what}', 'zh')} {timer.limit} {part} → {at}（{timer.rule}）"[:MOST]


def effect_summary(kind: str, target: str, body: Mapping[str, Any]) -> str:
    """Return such as 派单 → u-housing."""
    what = body.get("what") or body.get("command") or kind
    return f"{text(f'effect.{what}', 'zh')} → {target}"[:MOST]


def details_text(card: Card) -> str:
    """Return the markdown that the UI shows as current details: stage, who is awaited, until when."""
    until = card.until.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S") if card.until else "—"
    awaited = "、".join(card.awaited) or "—"
    return f"**{text(f'stage.{card.stage}', 'zh')}** · 等待：{awaited} · 截止：{until}"
