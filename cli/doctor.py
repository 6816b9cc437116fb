"""`sanhuan doctor`: what this machine has, what is missing, how to get it.

Needs only the standard library, so that it runs before the environment exists: `make doctor`, `python3 -m cli.doctor`.
Its texts are a table of its own for the same reason: the catalogue is read by Babel.
"""

import enum
import os
import re
import shutil
import subprocess
import sys
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cli import servers
from cli.servers import temporal

ROOT = Path(__file__).parents[1]
PYTHON_NEEDED = (3, 11)
GIB = 1024**3
DISK_GIB_NEEDED = 2
TOOL_SECONDS = 20
ANSI = re.compile(r"\x1b\[[\d;]*m")
CHROMIUM_NAMES = (
    "chromium-headless-shell",  # the same engine without windows: a third less work
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
PORTS = {"console, API": 8400, "Temporal": 7233, "Temporal UI": 8233}


class State(enum.StrEnum):
    """What a line says about one thing; only `MISSING` keeps `make up` from working."""

    OK = "ok"
    OPTIONAL = "optional"
    MISSING = "missing"


@dataclass(frozen=True)
class Finding:
    """One line: the thing, its state, what was found, and the key of the text that says how to get it."""

    thing: str
    state: State
    found: str
    how: str = ""


Texts = dict[str, tuple[str, str]]
"""Key to the text in Chinese and in English."""

TEXTS: Texts = {
    "ok": ("正常", "ok"),
    "optional": ("可选", "optional"),
    "missing": ("缺失", "missing"),
    "python": ("请安装 Python 3.11 或更高版本", "install Python 3.11 or newer"),
    "venv": ("运行 `make up` 或 `make test` 时自动建立", "`make up` or `make test` creates it"),
    "lock": ("运行 `make up` 使环境与锁文件一致", "run `make up`: it brings the environment to the lock"),
    "temporal": (
        "设置 TEMPORAL_ADDRESS，或将 temporal 放入 PATH，或联网由 SDK 下载，或安装 Go 后自动编译",
        "set TEMPORAL_ADDRESS, or put `temporal` on the PATH, or let the SDK download it, or install Go to build it",
    ),
    "go": (
        "仅在需要自行编译 Temporal 时使用：见 https://go.dev/dl 或发行版软件包",
        "only to build the Temporal server: https://go.dev/dl or your distribution's package",
    ),
    "java": (
        "仅用于跳时测试：apt-get install default-jre-headless maven",
        "only for the tests that skip time: apt-get install default-jre-headless maven",
    ),
    "postgres": (
        "用于测试与生产：apt-get install postgresql",
        "for tests and production: apt-get install postgresql",
    ),
    "chromium": (
        "仅用于控制台测试：apt-get install chromium-headless-shell（或 chromium）",
        "only for console tests: apt-get install chromium-headless-shell (or chromium)",
    ),
    "fonts": (
        "仅用于截图与控制台测试：apt-get install fonts-noto-cjk",
        "only for console tests and documents: apt-get install fonts-noto-cjk",
    ),
    "ports": ("被占用时 `make up` 改用其他端口并显示", "when taken, `make up` uses others and prints them"),
    "disk": ("请释放磁盘空间", "free some space"),
    "zone": (
        "apt-get install tzdata（或由锁文件中的 tzdata 提供）",
        "apt-get install tzdata (the lock file brings its own copy)",
    ),
    "ready": ("`make up` 可以运行。", "`make up` can run."),
    "not ready": (
        "缺少上述标为“缺失”的项，`make up` 无法运行。",
        "`make up` cannot run without what is missing above.",
    ),
}


def language() -> str:
    """The language of the terminal (LC_ALL, LC_MESSAGES, LANG): ``zh`` or ``en``."""
    wish = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "zh" if wish.lower().startswith("zh") else "en"


def text(key: str) -> str:
    """The text in the language of the terminal."""
    zh, en = TEXTS[key]
    return zh if language() == "zh" else en


def output_of(*command: str) -> str:
    """What a tool prints, empty when it is absent or fails."""
    program = shutil.which(command[0])
    if program is None:
        return ""
    try:
        done = subprocess.run([program, *command[1:]], capture_output=True, text=True, timeout=TOOL_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return ANSI.sub("", done.stdout or done.stderr).strip()


def version_in(words: str) -> tuple[int, ...]:
    """The first dotted number in a text; () when there is none."""
    found = re.search(r"\d+(?:\.\d+)+", words)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def check_python() -> Finding:
    """Python itself."""
    state = State.OK if sys.version_info >= PYTHON_NEEDED else State.MISSING
    return Finding("Python", state, sys.version.split()[0], "python")


def check_environment() -> Finding:
    """The virtual environment against requirements.lock; before the first `make up` there is none, which is fine."""
    if sys.prefix == sys.base_prefix:
        return Finding("environment", State.OPTIONAL, f"{sys.prefix}, not a virtual environment", "venv")
    locked = re.findall(
        r"^([\w.-]+)==([^\s;]+)(.*)", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE
    )
    wrong = []
    for name, version, rest in locked:
        if ";" in rest:
            continue  # for other platforms
        try:
            have = metadata.version(name)
        except metadata.PackageNotFoundError:
            have = "absent"
        if have != version:
            wrong.append(f"{name} {have}, locked {version}")
    if wrong:
        return Finding("environment", State.MISSING, "; ".join(wrong), "lock")
    return Finding("environment", State.OK, f"{len(locked)} packages as locked")


def check_temporal() -> Finding:
    """How a Temporal server will be had, without downloading or building it now."""
    on_path, cached = shutil.which("temporal"), temporal.cached_temporal()
    ways = (
        (servers.given_address(), "TEMPORAL_ADDRESS={}"),
        (on_path, "PATH: {}"),
        (cached, "cache: {}"),
        (temporal.download_reachable() or None, "SDK download"),
        (check_go().state is State.OK or None, "Go build, 1-3 min, once"),
    )
    for found, form in ways:
        if found:
            return Finding("Temporal server", State.OK, form.format(found))
    return Finding("Temporal server", State.MISSING, "-", "temporal")


def check_go() -> Finding:
    """Go, in the version that deploy/temporal/go.mod asks for."""
    asked = re.search(r"^go ([\d.]+)", (temporal.GO_MODULE / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    needed = asked.group(1) if asked else ""
    said = output_of("go", "version")
    state = State.OK if said and version_in(said) >= version_in(needed) else State.OPTIONAL
    return Finding("Go", state, said or f"- (>= {needed})", "go")


def check_java() -> Finding:
    """Java and Maven."""
    java, maven = output_of("java", "--version"), output_of("mvn", "--version")
    found = ", ".join(words.splitlines()[0] for words in (java, maven) if words)
    return Finding("Java, Maven", State.OK if java and maven else State.OPTIONAL, found or "-", "java")


def check_postgres() -> Finding:
    """The programs of PostgreSQL."""
    try:
        return Finding("PostgreSQL", State.OK, str(servers.find_postgres_bin()))
    except servers.ServerError:
        return Finding("PostgreSQL", State.OPTIONAL, "-", "postgres")


def find_chromium() -> Path | None:
    """A Chromium or Chrome on the PATH."""
    return next((Path(found) for name in CHROMIUM_NAMES if (found := shutil.which(name))), None)


def check_chromium() -> Finding:
    """The browser of the console tests."""
    found = find_chromium()
    return Finding("Chromium", State.OK if found else State.OPTIONAL, str(found or "-"), "chromium")


def check_fonts() -> Finding:
    """A font with Chinese characters."""
    found = output_of("fc-list", ":lang=zh", "family").splitlines()
    return Finding("CJK fonts", State.OK if found else State.OPTIONAL, found[0] if found else "-", "fonts")


def check_ports() -> Finding:
    """The usual ports."""
    taken = [f"{port} ({use})" for use, port in PORTS.items() if not servers.port_is_free(port)]
    said = "taken: " + ", ".join(taken) if taken else ", ".join(str(port) for port in PORTS.values())
    return Finding("ports", State.OPTIONAL if taken else State.OK, said, "ports")


def check_disk() -> Finding:
    """Room for environment, servers and data."""
    free = shutil.disk_usage(ROOT).free / GIB
    return Finding("disk", State.OK if free >= DISK_GIB_NEEDED else State.MISSING, f"{free:.1f} GiB", "disk")


def check_zone() -> Finding:
    """The time zone every deadline is counted in."""
    try:
        zone = zoneinfo.ZoneInfo("Asia/Shanghai")
    except zoneinfo.ZoneInfoNotFoundError:
        return Finding("time zone", State.MISSING, "-", "zone")
    return Finding("time zone", State.OK, zone.key)


CHECKS: tuple[Callable[[], Finding], ...] = (
    check_python,
    check_environment,
    check_temporal,
    check_go,
    check_java,
    check_postgres,
    check_chromium,
    check_fonts,
    check_ports,
    check_disk,
    check_zone,
)


def main() -> int:
    """Print one line per thing; 1 when something is missing that `make up` needs, else 0."""
    findings = [check() for check in CHECKS]
    for finding in findings:
        print_line(f"{text(finding.state):<9} {finding.thing:<16} {finding.found}")
        if finding.state is not State.OK and finding.how:
            print_line(f"{'':<9} {'':<16} → {text(finding.how)}")
    missing = any(finding.state is State.MISSING for finding in findings)
    print_line(text("not ready" if missing else "ready"))
    return 1 if missing else 0


def print_line(line: str) -> None:
    """Print in whatever encoding the terminal has."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(line.encode(encoding, "replace").decode(encoding) + "\n")


if __name__ == "__main__":
    sys.exit(main())
