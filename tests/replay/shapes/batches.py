"""批量变更: batches over the open cases of a city, and what they leave in each case."""

from typing import Any

from storage.policies import load_pack
from tests.factories.engine import LiveProcess, until
from tests.replay.shapes.registry import Stage, shape

FROM, TO = "weifang-emergency", "shandong-2020"
"""Packs that no other shape has cases under: a batch means those of its own shape."""
SLICE = "ACTIVITY_TASK_SCHEDULED"


async def begun(stage: Stage, no: str, **body: Any) -> LiveProcess:
    """A batch that waits for its approval."""
    batch = LiveProcess(stage.engine, f"batch/{no}")
    stage.cases.append(batch)
    given = {"ground": "reorganisation", "pack": _key(TO), "under_pack": FROM, "rate": 50} | body
    await batch.give("begin_batch", role="calendar_keeper", **given)
    await until(lambda: "clock_set" in batch.types())
    return batch


def _key(pack: str) -> str:
    found = load_pack(pack)
    return f"{found.id}@{found.version}"


@shape(
    holds="batch_begun batch_preview_started batch_approved batch_paused batch_resumed batch_sliced batch_settled"
    " terms_changed terms_kept",
    shows=SLICE,
)
async def previewed_approved_paused_and_finished(stage: Stage) -> None:
    """Cases get another pack: previewed twice, approved by another person, paused, finished; then once more, for nothing."""
    for _ in range(2):
        await (await stage.case(pack=FROM)).dispatched()
    batch = await begun(stage, "20260302-AAAAAA", rate=1)
    await batch.give("preview_batch", role="calendar_keeper")
    await until(lambda: batch.types().count("clock_set") == 2)
    await batch.give("approve_batch", role="city_office")
    await batch.give("pause_batch", role="calendar_keeper")
    await until(lambda: "batch_sliced" in batch.types())
    await batch.give("resume_batch", role="operator", rate=50)
    await until(lambda: "batch_settled" in batch.types())
    again = await begun(stage, "20260302-BBBBBB", under_pack=TO)
    await again.give("approve_batch", role="centre_head")
    await until(lambda: "batch_settled" in again.types())


@shape(holds="batch_previewed batch_rejected batch_stopped", shows=SLICE)
async def rejected_and_stopped(stage: Stage) -> None:
    """One batch is not approved, another is stopped before anybody decides."""
    await (await stage.case(pack=FROM)).dispatched()
    batch = await begun(stage, "20260302-CCCCCC")
    await batch.give("reject_batch", role="city_office")
    stopped = await begun(stage, "20260302-DDDDDD")
    await stopped.give("stop_batch", role="calendar_keeper")
