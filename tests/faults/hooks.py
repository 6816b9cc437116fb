"""Where the test builds of worker and API look for orders to die, and how they obey: exactly between commit and answer.

An order is a file ``{part}-{n}.armed`` in a folder both sides know. Whoever comes to the point first renames it to
``.struck`` (one process can), writes into it where it was, and kills itself (-9). Nothing of this is in the product.
"""

import json
import os
import signal
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

FOLDER: Final = "SANHUAN_TEST_FAULTS"


class Strike(BaseModel):
    """Where a part was when it died: which process and command had just been committed, and what that owed."""

    pid: int
    process: str
    command: str
    seq: int
    effects: tuple[str, ...] = ()


class Orders:
    """The folder of orders."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    def from_environment(cls) -> "Orders":
        """The folder a test build was started with."""
        return cls(Path(os.environ[FOLDER]))

    def arm(self, part: str, n: int) -> Path:
        """Order the part to die at its next chance; return the file that will tell where it did."""
        armed = self.folder / f"{part}-{n}.armed"
        armed.touch()
        return armed.with_suffix(".struck")

    def disarm(self, struck: Path) -> bool:
        """Take an order back; False when somebody is dying of it already."""
        try:
            struck.with_suffix(".armed").unlink()
        except FileNotFoundError:
            return False
        return True

    def obey(self, part: str, **where: Any) -> None:
        """Die here if there is an order for this part."""
        for armed in sorted(self.folder.glob(f"{part}-*.armed")):
            try:
                taken = armed.rename(armed.with_suffix(".taken"))
            except FileNotFoundError:
                continue  # another thread was first
            with taken.open("w", encoding="utf-8") as file:
                file.write(Strike(pid=os.getpid(), **where).model_dump_json())
                file.flush()
                os.fsync(file.fileno())
            taken.rename(armed.with_suffix(".struck"))
            os.kill(os.getpid(), signal.SIGKILL)


def read(struck: Path) -> Strike | None:
    """Return where the part died; None while it has not."""
    try:
        return Strike.model_validate(json.loads(struck.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
