"""A worker of an older release: this release's code without what the next one brought.

``python -m tests.upgrades.older`` runs it. It knows neither the command ``contact`` nor its event, nor the field in which an order
keeps when its caller was contacted.
"""

import asyncio
import gc
import importlib.abc
import importlib.machinery
import os
import sys
from collections.abc import Sequence
from importlib.util import spec_from_loader
from types import ModuleType
from typing import Final

Change = tuple[str, str]

LESS: Final[dict[str, tuple[Change, ...]]] = {
    "domain.casework.commands": (("Sign, Contact, BeginWork", "Sign, BeginWork"),),
    "domain.casework.events": (("OrderSigned, CallerContacted, ", "OrderSigned, "),),
    "domain.casework.state": (
        (
            "    contacted_at: datetime | None = None\n",
            "    @property\n    def contacted_at(self) -> None:\n        return None\n\n",
        ),
    ),
    "domain.case": (
        ('    ("contact",             _WITH_ORDERS,                            handling.contact,                 False),\n', ""),
    ),
    "workflows.case": (("    contact = decision(c.Contact)\n", ""),),
}  # fmt: skip
"""What the older release did not have: places in the source of this one, each of which must be there once."""


class Older(importlib.abc.MetaPathFinder, importlib.abc.SourceLoader):  # type: ignore[misc]  # as typeshed has it
    """Finds the modules of :data:`LESS` and loads their source with the changes."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find a module that has changed."""
        if fullname not in LESS:
            return None
        found = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        assert found is not None
        return spec_from_loader(fullname, self, origin=found.origin)

    def get_filename(self, fullname: str) -> str:
        """The file a module comes from."""
        name = fullname.rpartition(".")[2]
        parent = sys.modules[fullname.rpartition(".")[0]]
        return os.path.join(parent.__path__[0], f"{name}.py")  # noqa: PTH118 - a loader speaks text

    def get_data(self, path: str) -> bytes:
        """The source of a module, with the changes; nothing for its compiled form, which would be that of this release."""
        if not path.endswith(".py"):
            raise OSError(path)
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a loader speaks text
            source = file.read()
        module = next(name for name in LESS if path.endswith(f"{name.replace('.', os.sep)}.py"))
        for old, new in LESS[module]:
            if source.count(old) != 1:
                message = f"{module} holds {source.count(old)} times: {old!r}"
                raise ImportError(message)
            source = source.replace(old, new)
        return source.encode()


def install() -> None:
    """Let every import from here on be that of the older release."""
    sys.dont_write_bytecode = True
    sys.meta_path.insert(0, Older())


if __name__ == "__main__":
    install()
    gc.disable()  # as the worker itself does
    from worker.__main__ import main
    from worker.settings import WorkerSettings

    gc.freeze()
    gc.enable()
    asyncio.run(main(WorkerSettings()))
    os._exit(0)  # as the worker itself does
