"""The colour of a todo: how near its limit is, by the working days of the pack its case keeps."""

from datetime import datetime
from typing import Final

from domain.clock import reckon
from domain.limits import Limit
from storage.policies import load_calendar, load_pack, pack_ids

SOON: Final = Limit.parse("1wd")
RED, YELLOW, GREEN, GREY = "red", "yellow", "green", "grey"


class Colours:
    """Colours at one instant. What is due within one working day (of the pack's scale) is yellow."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._soon: dict[str, datetime] = {}

    def of(self, due: datetime | None, pack: str | None) -> str:
        """Return the colour of something due at ``due`` in a case under ``pack``."""
        if due is None:
            return GREY
        if due < self.now:
            return RED
        return YELLOW if due <= self._soon_by(pack or "") else GREEN

    def _soon_by(self, pack_id: str) -> datetime:
        if pack_id not in self._soon:
            known = load_pack(pack_id if pack_id in pack_ids() else "haikou")
            limit = known.scaled(SOON)
            self._soon[pack_id] = reckon(self.now, limit, load_calendar(), known.hours)
        return self._soon[pack_id]
