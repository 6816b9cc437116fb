"""公文: the official documents that processes issue, each a row of :data:`KINDS`, and what may be printed in them.

A process owes a document by ``telling.paper(kind, to=unit, case=no, fields={key: code, instant or list}, texts={key: reference},
signed_by=user)``. It is numbered, rendered in both languages and kept in the commit that owes it (:mod:`activities.papers`).

* Numbers run without gaps by kind and by the year of the commit in Asia/Shanghai: 12345热线明责〔2026〕7号.
* A key of ``fields`` or ``texts`` is a word of :data:`FIELDS`, which says how its value is printed and where it stands on the page;
  ``key/subject`` says the same of one of several (``statement/water``: what that unit stated; ``measure/2``: the second one). Each
  has its label in the catalogue as ``paper.field.{key}``. A key nobody foresaw is printed all the same, behind all others.
* A list of small tables (``{item, unit, opinion}``) is printed as a table with their keys as its columns.
* The template named in a row never changes once a release has printed with it: another look is another version.

Source of the kinds: domain.md 2.5, 2.7 and 11.7 to 11.11; their form follows the national standard for official documents
(GB/T 9704-2012 党政机关公文格式): issuing body in red, number, title, addressee, body, signature and date, place of the seal.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.calendar import SHANGHAI


@dataclass(frozen=True)
class PaperKind:
    """One kind of document: its titles, its mark in the number (发文代字), the template it is printed with now."""

    code: str
    zh: str
    en: str
    mark_zh: str
    mark_en: str
    template: str

    def title(self, lang: str) -> str:
        """Return what the document is called."""
        return self.zh if lang == "zh" else self.en

    def number(self, year: int, n: int, lang: str = "zh") -> str:
        """Return a document's number as it follows the name of the issuing body: 明责〔2026〕7号, or Ruling [2026] No. 7."""
        return f"{self.mark_zh}〔{year}〕{n}号" if lang == "zh" else f" {self.mark_en} [{year}] No. {n}"


LETTER: Final = "letter/1"
"""文: addressee, words, signature."""
ORDER: Final = "order/1"
"""单: a form that binds, all its facts in one table."""
MINUTES: Final = "minutes/1"
"""纪要: what was said and settled; who gets it stands at the end."""

_ROWS: Final = (
    PaperKind("consultation_note", "会商纪要", "Consultation Note", "会商", "Consultation", MINUTES),
    PaperKind("ruling_order", "明责交办单", "Ruling Order", "明责", "Ruling", ORDER),
    PaperKind("final_opinion", "终诊意见书", "Final Opinion", "终诊", "Opinion", LETTER),
    PaperKind("session_minutes", "会议纪要", "Session Minutes", "会纪", "Minutes", MINUTES),
    PaperKind("urge_notice", "催办通知书", "Urge Notice", "催办", "Urge", LETTER),
    PaperKind("supervision_order", "督办单", "Supervision Order", "督办", "Supervision", ORDER),
    PaperKind("work_hint_letter", "工作提示函", "Work Hint Letter", "提示", "Hint", LETTER),
    PaperKind("talk_notice", "约谈通知", "Notice of Talk", "约谈", "Talk", LETTER),
    PaperKind("criticism_notice", "通报", "Notice of Criticism", "通报", "Criticism", LETTER),
    PaperKind("accountability_proposal", "问责建议书", "Accountability Proposal", "问责", "Accountability", LETTER),
)
KINDS: Final[Mapping[str, PaperKind]] = {kind.code: kind for kind in _ROWS}


def kind_of(code: str) -> PaperKind:
    """Return a kind of document. One that is not in the table is printed under its code: no commit may fail by its document."""
    return KINDS.get(code) or PaperKind(code, code, code, code, code, LETTER)


def year_of(at: datetime) -> int:
    """Return the year whose numbers are used at an instant: that of the calendar on the wall in Asia/Shanghai."""
    return at.astimezone(SHANGHAI).year


class Way(StrEnum):
    """How the value of a field is printed. What people wrote is quoted whatever its field is."""

    unit = "unit"  # the code of a unit or district: its name
    user = "user"  # somebody who acts: his name, or that of his role
    item = "item"  # an item of the catalogue: its name
    instant = "instant"  # a day, or an instant on the wall in Asia/Shanghai
    due = "due"  # the same, but midnight is 24:00 of the day that ends
    code = "code"  # a word of a closed vocabulary: its label
    plain = "plain"  # a number, an id, or what people wrote


FIELDS: Final[Mapping[str, Way]] = {
    # who gets it and who signs it: places of their own on the page
    "to": Way.unit,
    "signed_by": Way.user,
    # what it is about
    "case": Way.plain,
    "process": Way.plain,
    "origin": Way.plain,
    "supervision": Way.plain,
    "session": Way.plain,
    "consultation": Way.plain,
    "adjudication": Way.plain,
    "ring": Way.plain,
    "ruling": Way.plain,
    "item": Way.plain,
    "holder": Way.plain,
    "title": Way.plain,
    "kind": Way.code,
    "nature": Way.code,
    "matter": Way.item,
    "catalogue_item": Way.item,
    "level": Way.code,
    "step": Way.code,
    "trigger": Way.code,
    "cause": Way.code,
    "colour": Way.code,
    "triage": Way.code,
    # who is concerned
    "district": Way.unit,
    "unit": Way.unit,
    "units": Way.unit,
    "parties": Way.unit,
    "candidates": Way.unit,
    "reporter": Way.unit,
    "first_receiver": Way.unit,
    "members": Way.unit,
    "attending": Way.unit,
    "present": Way.unit,
    "deputies": Way.unit,
    "absent": Way.unit,
    "silent": Way.unit,
    "leader": Way.user,
    "chair": Way.user,
    "secretary": Way.user,
    "by": Way.user,
    # when and where
    "opened_at": Way.instant,
    "held_at": Way.instant,
    "at": Way.instant,
    "place": Way.plain,
    # what was found and said
    "question": Way.plain,
    "reason": Way.plain,
    "tried": Way.plain,
    "facts": Way.plain,
    "evidence": Way.code,
    "how": Way.code,
    "items": Way.plain,
    "opinions": Way.plain,
    "opinion": Way.code,
    "owner": Way.unit,
    "agreed": Way.code,
    "yes": Way.plain,
    "spoke": Way.plain,
    "asked": Way.plain,
    "statement": Way.code,
    "objection": Way.code,
    "advice": Way.plain,
    "minutes": Way.plain,
    "basis": Way.plain,
    "grounds": Way.plain,
    # what was decided
    "form": Way.code,
    "via": Way.code,
    "state": Way.code,
    "outcome": Way.code,
    "verdict": Way.code,
    "conclusion": Way.code,
    "decision": Way.code,
    "lead": Way.unit,
    "co": Way.unit,
    "interim": Way.unit,
    "no_return": Way.code,
    "extra_days": Way.plain,
    "requirement": Way.plain,
    "measures": Way.plain,
    "measure": Way.plain,
    "what": Way.plain,
    "milestones": Way.plain,
    "milestone": Way.plain,
    "proposal": Way.plain,
    "competent_body": Way.unit,
    "supervisor": Way.user,
    "note": Way.plain,
    # until when
    "from": Way.instant,
    "due": Way.due,
    "until": Way.due,
    "precedent_until": Way.due,
    "reply_due": Way.due,
    "statement_until": Way.due,
    "review_until": Way.due,
}
"""What documents say, in the order in which it stands on the page."""


def key_of(name: str) -> tuple[str, str]:
    """Return key and subject of a name: ``statement/water`` is the statement of that unit; most names have no subject."""
    key, _, subject = name.partition("/")
    return key, subject


def place_of(name: str) -> tuple[int, str, tuple[tuple[int, str], ...]]:
    """Return where a field stands on the page: in the order of the table, and the second measure before the tenth."""
    key, subject = key_of(name)
    parts = ((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", subject))
    return _RANKS.get(key, len(_RANKS)), key, tuple(parts)


_RANKS: Final = {key: rank for rank, key in enumerate(FIELDS)}
