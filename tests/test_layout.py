import tomllib
from pathlib import Path

from tests.layout import PACKAGES

ROOT = Path(__file__).parent.parent


def test_every_package_is_checked_by_the_import_contracts() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    checked = set(config["tool"]["importlinter"]["root_packages"])
    present = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert present == checked, "add the package to root_packages in pyproject.toml"


def test_every_package_has_a_contract() -> None:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["package"] for contract in config["tool"]["importlinter"]["contracts"]}
    assert contracts >= PACKAGES - {"tests"}


def test_no_unknown_top_level_package() -> None:
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} <= PACKAGES
