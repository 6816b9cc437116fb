"""The one catalogue of words for people: refusals, problems, labels. zh is the default, en the other language.

``domain/locale/{zh,en}.po`` hold them by key (``refusal.four_eyes``), with a file beside them for each kind of process; the names
of commands and roles stand in the permission table and are served from there, so that no word has two homes. Read once, at the
first use.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import ascii_letters
from typing import Any, Final

from babel.messages.pofile import read_po

from storage.policies import load_permissions

LOCALE: Final = Path(__file__).resolve().parent.parent / "domain" / "locale"
LANGUAGES: Final = ("zh", "en")
DEFAULT: Final = "zh"


class _Values(dict[str, Any]):
    """Values of a text; one that is not given stays visible as its name."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def files(lang: str) -> tuple[Path, ...]:
    """Return the files of a language: what all share, then one a kind of process."""
    return (LOCALE / f"{lang}.po", *sorted((LOCALE / lang).glob("*.po")))


def _texts(path: Path, lang: str) -> dict[str, str]:
    with path.open("rb") as file:
        messages = read_po(file, locale=lang, abort_invalid=True)
    return {str(m.id): str(m.string) for m in messages if m.id and m.string}


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Return all texts of a language by key."""
    texts = {key: words for path in files(lang) for key, words in _texts(path, lang).items()}
    table = load_permissions()
    column = LANGUAGES.index(lang)
    texts |= {f"role.{code}": names[column] for code, names in table.roles.items()}
    texts |= {f"command.{code}": (row.zh, row.en)[column] for code, row in table.commands.items()}
    for home in ("notice", "command"):  # an effect is named by what it says or by the command it brings
        named = {k.partition(".")[2]: v for k, v in texts.items() if k.startswith(f"{home}.")}
        texts = {f"effect.{code}": words for code, words in named.items()} | texts
    return texts


def known(key: str) -> bool:
    """Say whether the catalogue has this text."""
    return key in catalogue(DEFAULT)


def text(key: str, lang: str = DEFAULT, /, **values: Any) -> str:
    """Return the text of ``key``, filled with ``values``; the key itself when there is none. Never raises."""
    found = catalogue(lang if lang in LANGUAGES else DEFAULT).get(key)
    if found is None:
        return key
    filled = {k: ", ".join(map(str, v)) if isinstance(v, list | tuple) else v for k, v in values.items()}
    try:
        return found.format_map(_Values(filled))
    except (ValueError, AttributeError, IndexError):
        return found


def limit_words(limit: str, lang: str = DEFAULT) -> str:
    """Return a limit such as ``7wd`` in words: 7 个工作日."""
    amount = limit.rstrip(ascii_letters)
    return text(f"limit.{limit.removeprefix(amount)}", lang, n=amount)


_REFUSAL_LABELS: Final = {
    "stage": "stage",
    "command": "command",
    "role": "role",
    "state": "order_state",
    "closing": "closing",
    "clock": "clock",
}
_EVENT_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "stage_moved": {"stage": "stage"},
    "screening_ended": {"end": "stage"},
    "triaged": {"triage": "triage"},
    "warning_given": {"card": "part"},
    "order_sent": {"role": "order_role"},
    "result_submitted": {"code": "closing"},
    "order_ended": {"how": "order_state"},
    "matter_raised": {"kind": "matter"},
    "pause_requested": {"kind": "console.why"},
    "closing_proposed": {"code": "closing"},
    "closed": {"code": "closing"},
    "stage_changed": {"stage": "stage"},
    "supervision_asked": {"level": "level"},
    "supervision_over": {"level": "level", "outcome": "stage"},
    "ring_opened": {"level": "ring_level", "kind": "ring_kind"},
    "ring_session_asked": {"session": "ring_session"},
    "ring_concluded": {"via": "ring_via"},
    "ring_no_rating": {"side": "ring_side"},
    "opinion_stated": {"opinion": "opinion"},
    "consultation_vote_ended": {"how": "consultation_how"},
    "evidence_submitted": {"kind": "evidence_kind"},
    "ruling_drafted": {"form": "adjudication_form"},
}


def refusal(code: str, detail: Mapping[str, Any], lang: str = DEFAULT) -> str:
    """Return the sentence of a refusal, its codes in words."""
    return text(f"refusal.{code}", lang, **_labelled(detail, _REFUSAL_LABELS, lang))


def sentence(event: str, body: Mapping[str, Any], lang: str = DEFAULT) -> str:
    """Return one sentence for an event, its codes in words."""
    return text(f"event.{event}", lang, **_labelled(body, _EVENT_LABELS.get(event, {}), lang))


def _labelled(values: Mapping[str, Any], labels: Mapping[str, str], lang: str) -> dict[str, Any]:
    out = dict(values)
    for name, kind in labels.items():
        if name in out and known(f"{kind}.{out[name]}"):
            out[name] = text(f"{kind}.{out[name]}", lang)
    return out
