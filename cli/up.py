"""`sanhuan up`: everything on this machine until Ctrl-C. What it keeps is under one data directory, so it goes on next time."""

import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cli.servers import ServerError
from cli.stack import Plan, Stack, wait_while_running
from simulation.city import DEMO_PASSWORD, load_city

MOST_STARTS, WITHIN_S = 3, 60.0
"""A part that ends more often than this within so many seconds has a fault that no start mends."""
DEMO_ROLES = (
    "agent",
    "dispatcher",
    "order_reviewer",
    "shift_leader",
    "centre_head",
    "city_centre",
    "callback_officer",
    "supervisor",
    "operator",
    "auditor",
)


def up(*, data: Path, pack: str, staff: bool) -> int:
    """Start everything, print addresses and accounts, and keep it running. Return 1 when a part ends for good, 0 on Ctrl-C."""
    console = Console()
    try:
        with ExitStack() as exits:
            with console.status("…"):
                stack = exits.enter_context(Stack.running(Plan(data=data, pack=pack, fixed_ports=True)))
            _print(console, stack, pack)
            if staff:
                stack.start_staff()
            dead = keep_running(stack, console)
            console.print(f"[red]已退出 ended by itself: {', '.join(dead)}[/] — {stack.data / 'log'}")
            return 1
    except KeyboardInterrupt:
        console.print("\n已停止 stopped.")
        return 0


def keep_running(stack: Stack, console: Console) -> list[str]:
    """Start again what ends by itself or is killed, as a service manager does; return what has ended too often to be helped so."""
    started: dict[str, list[float]] = {}
    while True:
        dead = wait_while_running(stack)
        for part in dead:
            since = time.monotonic() - WITHIN_S
            started[part] = [at for at in started.get(part, []) if at > since]
            if len(started[part]) >= MOST_STARTS:
                return dead
            console.print(f"[yellow]已退出，重新启动 ended, started again: {part}[/]")
            started[part].append(time.monotonic())
            try:
                stack.start_again(part)
            except ServerError as error:
                console.print(str(error), markup=False)
                return dead


def _print(console: Console, stack: Stack, pack: str) -> None:
    table = Table(title="三环 Sanhuan", show_header=False)
    table.add_row("控制台 console", f"{stack.api}/console")
    table.add_row("接口 API", f"{stack.api}/api/v1/openapi.json")
    table.add_row("Temporal UI", stack.ui)
    table.add_row("指标 metrics", " ".join(stack.metrics))
    table.add_row("政策包 pack", pack)
    table.add_row("数据 data", str(stack.data))
    console.print(table)
    city = load_city()
    by_user = {account.user: account for account in city.accounts}
    by_hand = {unit.code for unit in city.units if not unit.system and unit.level == "city"}
    liaisons = [a for a in city.accounts if "unit_liaison" in a.roles and a.unit in by_hand][:4]
    accounts = Table(title=f"演示账号 demo accounts · 密码 password: {DEMO_PASSWORD}")
    accounts.add_column("账号 user")
    accounts.add_column("角色 role")
    shown = [by_user[user] for user in DEMO_ROLES if user in by_user] + liaisons
    for account in shown:
        accounts.add_row(account.user, f"{account.name_zh} / {account.name_en}")
    accounts.add_row("liaison.<unit>", "每个单位联络员 / each unit's liaison")
    accounts.add_row("head.<unit>", "每个单位负责人 / each unit's head")
    console.print(accounts)
    console.print(
        f"手工办理可派给（其余单位多有自己的系统，会自动办理）/ units worked by hand (most others have a system that acts): "
        f"{', '.join(str(a.unit) for a in liaisons)}"
    )
    console.print("Ctrl-C 停止；再次运行会接着办理 / Ctrl-C stops; the next start goes on where this one ended.")
