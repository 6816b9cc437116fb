"""The short run of every ``make test``: 30 processes killed under 200 cases. The long one is ``make faults``.

``SANHUAN_SEED`` draws other scripts and faults.
"""

import os

import pytest

from tests.faults.run import Asked, folder, run

SEED = int(os.environ.get("SANHUAN_SEED", "7"))


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_thirty_kills_under_two_hundred_cases_lose_double_and_change_nothing(temporal_program: object) -> None:
    said: list[str] = []
    with folder() as data:
        outcome = run(Asked(seed=SEED, kills=30, cases=200, outage_s=6), data, said.append)
    assert not outcome.wrong, "\n".join([*said, *outcome.wrong])
    assert outcome.figures["kills"] >= 30
    assert outcome.figures["histories_searched"] >= 200
    assert outcome.figures["histories_replayed"] >= 200
