"""What a form needs of what it is about: a case, another process, or one that has yet to begin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from api.cases.schemas import CaseTodo
from api.console.forms import Known


class Folder(Protocol):
    """One process as the form of a command sees it. ``page`` is where one comes from and goes back to."""

    @property
    def process(self) -> str:
        """Return the id of the process; of one that has yet to begin, its kind."""

    @property
    def page(self) -> str:
        """Return the address of its page."""

    @property
    def title(self) -> str | None:
        """Return what it is headed with, beside its number."""

    @property
    def seq(self) -> int | None:
        """Return how far its journal is."""

    @property
    def known(self) -> Known:
        """Return the names and options its forms offer."""

    @property
    def mine(self) -> Sequence[CaseTodo]:
        """Return the todos the viewer may do."""

    @property
    def suggested(self) -> Mapping[str, Mapping[str, Any]]:
        """Return what is proposed for the fields of a command."""


@dataclass(frozen=True)
class Beginning:
    """A process that somebody is about to begin."""

    process: str
    page: str
    title: str | None
    known: Known
    suggested: Mapping[str, Mapping[str, Any]]
    seq: int | None = None
    mine: Sequence[CaseTodo] = ()
