"""Results as Markdown tables, in English and Chinese, and into the documents."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.measuring import table

LANGUAGES: Final = ("zh", "en")
MARKS: Final = ("<!-- figures -->", "<!-- end of figures -->")
Columns = Sequence[tuple[str, str, str]]
"""Key of the result, heading in Chinese, heading in English."""

TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "machine": ("机器", "Machine"),
    "skeleton": ("骨架流程", "The skeleton"),
    "size": ("库中工单数量的影响", "Beside few and beside many cases"),
    "memory": ("工作进程内存", "Memory of a worker"),
    "timers": ("同一时刻到期的定时器", "Timers due at one instant"),
    "storm": ("通知风暴", "A storm of notices"),
    "batch": ("批量变更", "A batch over open cases"),
    "city": ("示例城市", "The sample city"),
}
COLUMNS: Final[Mapping[str, Columns]] = {
    "machine": (
        ("at", "时间", "at"),
        ("commit", "版本", "commit"),
        ("python", "Python", "Python"),
        ("system", "系统", "system"),
        ("cores", "核数", "cores"),
        ("fixed_loop_ms", "固定循环 ms", "fixed loop ms"),
        ("load", "负载", "load"),
    ),
    "skeleton": (
        ("shape", "形态", "shape"),
        ("database", "数据库", "database"),
        ("cases", "工单", "cases"),
        ("in_flight", "并行", "in flight"),
        ("what", "对象", "what"),
        ("cases_per_s", "工单/秒", "cases/s"),
        ("settled_per_s", "全部办妥/秒", "settled/s"),
        ("commit_p50_ms", "至提交 p50 ms", "to commit p50 ms"),
        ("commit_p99_ms", "p99", "p99"),
        ("decision_p50_ms", "至答复 p50 ms", "to answer p50 ms"),
        ("decision_p99_ms", "p99", "p99"),
        ("history_events", "事件", "events"),
        ("history_bytes", "字节", "bytes"),
        ("cpu_ms", "本进程 CPU ms/步", "own CPU ms/step"),
        ("server_cpu_ms.temporal", "Temporal", "Temporal"),
        ("server_cpu_ms.postgresql", "PostgreSQL", "PostgreSQL"),
        ("failed_cases", "失败", "failed"),
        ("sent_again", "重发", "sent again"),
        ("fixed_loop_ms", "固定循环 ms", "fixed loop ms"),
        ("load_before", "前负载", "load before"),
        ("load_after", "后负载", "after"),
    ),
    "size": (
        ("database", "数据库", "database"),
        ("what", "内容", "what"),
        ("few_ms", "少 ms", "few: ms"),
        ("many_ms", "多 ms", "many: ms"),
        ("ratio", "比值", "ratio"),
        ("read_whole", "整表读取", "read whole"),
        ("load_after", "负载", "load"),
    ),
    "memory": (
        ("database", "数据库", "database"),
        ("resident", "常驻 MB", "resident MB"),
        ("kb_per_open_case", "每件在办 KB", "KB per open case"),
    ),
    "timers": (
        ("database", "数据库", "database"),
        ("timers", "定时器", "timers"),
        ("spread_s", "分散 秒", "spread over s"),
        ("all_rang_s", "全部响完 秒", "all rang after s"),
        ("late_p50_s", "迟到 p50 秒", "late p50 s"),
        ("late_p99_s", "p99", "p99"),
        ("people_before.p50_ms", "此前人员 p50 ms", "people before p50 ms"),
        ("people_before.p99_ms", "p99", "p99"),
        ("people_meanwhile.p50_ms", "期间 p50 ms", "meanwhile p50 ms"),
        ("people_meanwhile.p99_ms", "p99", "p99"),
        ("load_after", "负载", "load"),
    ),
    "storm": (
        ("database", "数据库", "database"),
        ("told", "告知", "told"),
        ("all_told_s", "全部告知 秒", "all told after s"),
        ("told_per_s", "告知/秒", "told/s"),
        ("dispatch_p99_ms", "派单 p99 ms", "dispatch p99 ms"),
        ("people_before.p99_ms", "此前人员 p99 ms", "people before p99 ms"),
        ("people_meanwhile.p99_ms", "期间 p99 ms", "meanwhile p99 ms"),
        ("load_after", "负载", "load"),
    ),
    "batch": (
        ("database", "数据库", "database"),
        ("cases", "件数", "cases"),
        ("rate", "速度 件/秒", "rate, cases/s"),
        ("preview_s", "预演 秒", "preview s"),
        ("run_s", "执行 秒", "run s"),
        ("changed_per_s", "变更/秒", "changed/s"),
        ("people_before.p99_ms", "此前人员 p99 ms", "people before p99 ms"),
        ("people_previewing.p99_ms", "预演期间 p99 ms", "during the preview p99 ms"),
        ("people_meanwhile.p99_ms", "执行期间 p99 ms", "during the run p99 ms"),
        ("people_worst_ms", "最慢一次 ms", "worst ms"),
        ("worker_cpu_ms_per_case", "worker CPU ms/件", "worker CPU ms/case"),
        ("load_after", "负载", "load"),
    ),
    "city": (
        ("database", "数据库", "database"),
        ("units", "单位", "units"),
        ("accounts", "账号", "accounts"),
        ("loading_s", "载入 秒", "loading s"),
        ("requests", "诉求", "requests"),
        ("lost", "丢失", "lost"),
        ("doubled", "重复", "doubled"),
        ("cases_per_s", "工单/秒", "cases/s"),
        ("decision_p50_ms", "决定 p50 ms", "decision p50 ms"),
        ("decision_p99_ms", "p99", "p99"),
        ("load_after", "负载", "load"),
    ),
}
WHERE: Final[Columns] = (
    ("place", "处所", "place"),
    ("cpu_ms", "CPU ms", "CPU ms"),
    ("wall_ms", "历时 ms", "wall ms"),
    ("calls", "次数", "calls"),
)
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "where": ("一次决定的时间去向", "Where a decision's time goes"),
    "elsewhere": ("其余（客户端、asyncio、SDK、Rust）", "elsewhere (client, asyncio, SDK, Rust)"),
    "all": ("合计", "all"),
}


def tables(lines: Iterable[Mapping[str, Any]], language: str = "en") -> str:
    """Return all results as Markdown, a heading and a table each."""
    which = LANGUAGES.index(language)
    found: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        found.setdefault(line["benchmark"], []).append(_flat(line))
    parts = [
        f"### {TITLES[name][which]}\n\n{table(found[name], _headings(columns, which))}"
        for name, columns in COLUMNS.items()
        if name in found
    ]
    return "\n\n".join([*parts, *(_where(line, which) for line in found.get("where", ()))])


def put_into(document: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Replace what stands between the marks of a document. ValueError when it has none."""
    text = document.read_text(encoding="utf-8")
    start, end = (text.index(mark) for mark in MARKS)
    language = "zh" if "zh" in document.name else "en"
    middle = f"{MARKS[0]}\n{tables(lines, language)}\n"
    document.write_text(text[:start] + middle + text[end:], encoding="utf-8")


def _headings(columns: Columns, which: int) -> dict[str, str]:
    return {key: headings[which] for key, *headings in columns}


def _flat(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the line with what the tables show in one cell."""
    more: dict[str, Any] = {}
    if "failed" in line:
        more["failed_cases"] = sum(line["failed"].values())
    if "full_scans" in line:
        more["read_whole"] = ", ".join(line["full_scans"]) or "–"
    if "seconds" in line:
        more["many_ms"] = round(1000 * line["seconds"])
    if "resident_mb" in line:
        more["resident"] = ", ".join(f"{n}: {mb}" for n, mb in line["resident_mb"].items())
    return {**line, **more}


def _where(line: Mapping[str, Any], which: int) -> str:
    rows = [{"place": name, **spot} for name, spot in line["spots"].items()]
    rows.append({"place": WORDS["elsewhere"][which], "cpu_ms": line["elsewhere_cpu_ms"]})
    rows.append({"place": WORDS["all"][which], "cpu_ms": line["cpu_ms_per_decision"]})
    title = f"### {WORDS['where'][which]} · {line['database']} · {line['load_before']}–{line['load_after']}"
    return f"{title}\n\n{table(rows, _headings(WHERE, which))}"
