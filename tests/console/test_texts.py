"""Every text of the pages exists in both languages, and the files of others are those that were chosen."""

import hashlib
import re
from pathlib import Path

import pytest

from api.console.forms import Known, form_fields
from api.decisions.schemas import asked
from storage.texts import LANGUAGES, catalogue

CONSOLE = Path(__file__).parents[2] / "api" / "console"
SOURCES = [*CONSOLE.glob("templates/*.html"), *CONSOLE.glob("*.py")]
WHOLE = re.compile(r"""["'](console(?:\.[a-z_]*[a-z])+)["']""")
FILES = {"console.css", "console.js"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_that_pages_name_exists(lang: str) -> None:
    named = {key for source in SOURCES for key in WHOLE.findall(source.read_text(encoding="utf-8"))} - FILES
    kinds = {key for key in named if any(k.startswith(f"{key}.") for k in catalogue(lang))}
    assert sorted(named - kinds - catalogue(lang).keys()) == []


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("command", asked("case"))
def test_every_form_is_labelled(command: str, lang: str) -> None:
    fields = form_fields(asked("case")[command], None, Known(), lang)
    words = [*(f.label for f in fields if f.kind != "fixed"), *(o.label for f in fields for o in f.options)]
    assert [w for w in words if re.fullmatch(r"[a-z_]+(\.[a-z_0-9]+)+", w)] == []


@pytest.mark.parametrize(
    "folder", [CONSOLE / "static" / "vendor", Path(__file__).parent / "vendor"], ids=["pages", "tests"]
)
def test_files_of_others_are_unchanged(folder: Path) -> None:
    lines = (line.split() for line in (folder / "SHA256SUMS").read_text().splitlines())
    sums = {name: digest for digest, name in lines}
    found = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir() if f.name in sums}
    assert found == sums
    assert {f.name for f in folder.iterdir()} == {*sums, "SHA256SUMS", "README.md"}
