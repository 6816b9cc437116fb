"""The closed vocabularies of an adjudication."""

from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """Where an adjudication stands."""

    evidence = "evidence"  # 举证中: parties and the group hand in what speaks for or against
    ruling = "ruling"  # 裁定中: the group hears, rules, and a second member confirms
    applying = "applying"  # 落实中: what was ruled is on its way to those it is about
    closed = "closed"


class EvidenceKind(StrEnum):
    """举证材料: what speaks for or against a unit's duty."""

    three_fixings = "three_fixings"  # 三定方案: functions, bodies and posts of a department
    catalogue = "catalogue"  # 权责目录
    law = "law"
    ruling = "ruling"  # a past ruling 判例
    other = "other"


class RulingForm(StrEnum):
    """裁定方式 (domain.md 11.8)."""

    designate = "designate"  # 指定: one unit owns it
    joint = "joint"  # 共同办理: one leads, others work with it
    fallback = "fallback"  # 兜底: nobody's by the book; one unit takes it
    refer = "refer"  # 提请编办: the duty itself has to be defined first


KIND: Final = "adjudication"
EVIDENCE: Final = "evidence"
"""The clock of the time for evidence. It acts: the group rules on what there is."""
ADJUDICATE: Final = "adjudicate"
"""The clock of the ruling. Once overdue the centre head may rule and confirm as well."""
DEFINITION: Final = "definition"
"""The clock of an item that the 编办 was asked about: ``definition/{item}``. Once overdue the centre head may rule as well."""
