"""The units for systemd start what there is, with settings that there are, and start it again whenever it has ended."""

import configparser
import importlib.util
import re
from pathlib import Path

import pytest

from api.settings import Settings
from cli.main import app
from worker.settings import WorkerSettings

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNITS = sorted(p.name for p in FOLDER.glob("*.service"))
SERVING = [name for name in UNITS if "migrate" not in name]


class Unit(configparser.ConfigParser):
    """A unit file: its keys keep their capitals."""

    def optionxform(self, optionstr: str) -> str:
        return optionstr


def unit(name: str) -> Unit:
    parser = Unit(interpolation=None, comment_prefixes=("#",), delimiters=("=",))
    parser.read(FOLDER / name, encoding="utf-8")
    return parser


def test_there_is_one_for_each_part() -> None:
    assert UNITS == ["sanhuan-api.service", "sanhuan-migrate.service", "sanhuan-worker@.service"]


@pytest.mark.parametrize("name", UNITS)
def test_it_starts_a_module_that_there_is(name: str) -> None:
    found = re.fullmatch(r"/opt/sanhuan/\.venv/bin/python -m (\w+)( \w+)?", unit(name)["Service"]["ExecStart"])
    assert found is not None
    assert importlib.util.find_spec(f"{found[1]}.__main__") is not None
    if found[2] is not None:
        assert found[2].strip() in {c.name or c.callback.__name__ for c in app.registered_commands if c.callback}


@pytest.mark.parametrize("name", SERVING)
def test_it_is_started_again_whenever_it_ended_and_never_given_up(name: str) -> None:
    read = unit(name)
    assert read["Service"]["Restart"] == "always"
    assert read["Unit"]["StartLimitIntervalSec"] == "0"
    assert "sanhuan-migrate.service" in read["Unit"]["Wants"].split()
    assert "sanhuan-migrate.service" in read["Unit"]["After"].split()
    assert "Requires" not in read["Unit"], "a migration that is run again, or fails once, must not end what runs"
    assert float(read["Service"]["TimeoutStopSec"]) > 10, "the API lets answers end for 10 s"


def test_its_settings_are_settings() -> None:
    lines = (FOLDER / "sanhuan.env").read_text(encoding="utf-8").splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    for name in SERVING:
        given |= dict(pair.split("=", 1) for pair in unit(name)["Service"].get("Environment", "").split())
    known = {f"SANHUAN_{field.upper()}" for model in (Settings, WorkerSettings) for field in model.model_fields}
    assert given.keys() <= known
    assert all((FOLDER / "sanhuan.env").name in unit(name)["Service"]["EnvironmentFile"] for name in UNITS)
    Settings.model_validate({k.removeprefix("SANHUAN_").lower(): v for k, v in given.items()})
