"""Every step that a test of the rules takes goes along a known way from stage to stage (:mod:`tests.domain.ways`)."""

import os
from collections.abc import Iterator

import pytest

from domain import kernel
from tests.domain.ways import RECORDING, Watch


@pytest.fixture(autouse=True, scope="session")
def ways_are_watched() -> Iterator[None]:
    """Watch all steps of the session; write them down where that was asked for."""
    watch = Watch(recording=bool(os.environ.get(RECORDING)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "advance", watch)
        yield
    if watch.recording:
        watch.write()
