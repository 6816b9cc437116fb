"""`sanhuan migrate` and `sanhuan load`: bring a database to this release, and the sample city into it. Both may be repeated."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config

from simulation.city import endpoint_of, load_city, secret_of
from storage import city as store
from storage.accounts import hash_password, put_account
from storage.policies import pack_ids
from storage.rules import put_setting, register
from storage.unit_of_work import Database

ROOT = Path(__file__).resolve().parent.parent


HEAD = "head"


def migrate(url: str, revision: str = HEAD) -> None:
    """Bring the schema to a revision; to the newest one also this release's packs and calendar.

    Whatever begins from now on is pinned to them: without them no case could begin. Raises RuleMissing when one that cases are
    pinned to was changed without a new version; then the schema is new and the rules are as they were.
    """
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))  # Config expands %
    command.upgrade(config, revision)
    if revision == HEAD:
        database = Database(url)
        try:
            with database.write() as connection:
                register(connection, pack_ids(), datetime.now(UTC))
        finally:
            database.close()


def load(url: str, *, pack: str, departments: str | None) -> None:
    """Register packs and calendar and put the sample city in, over what has the same codes: its accounts have a known password.

    ``departments`` is the base address of the simulated department systems; without it every unit works from its inbox.
    """
    sample = load_city()
    database = Database(url)
    hashed = cache(hash_password)  # demo accounts share one password; hashing it once is enough
    try:
        with database.write() as connection:
            register(connection, pack_ids(), datetime.now(UTC))
            put_setting(connection, "pack", pack)
            put_setting(connection, "issuer", f"{sample.name_zh.removesuffix('市')}12345")
            put_setting(connection, "issuer_en", f"{sample.name_en} 12345")
            for unit in sample.units:
                has_system = unit.system and departments is not None
                store.put_unit(
                    connection,
                    code=unit.code,
                    name_zh=unit.name_zh,
                    name_en=unit.name_en,
                    level=unit.level,
                    kind=unit.kind,
                    parent=unit.parent,
                    district=unit.district,
                    endpoint=endpoint_of(unit.code, departments) if has_system and departments else None,
                    secret=secret_of(unit.code) if has_system else None,
                )
            for item in sample.items:
                store.put_item(
                    connection,
                    code=item.code,
                    version=item.version,
                    name_zh=item.name_zh,
                    name_en=item.name_en,
                    owner=item.owner,
                    keywords=item.keywords,
                )
            for account in sample.accounts:
                put_account(
                    connection,
                    user=account.user,
                    name_zh=account.name_zh,
                    name_en=account.name_en,
                    password_hash=hashed(account.password),
                    unit=account.unit,
                    roles=account.roles,
                )
    finally:
        database.close()
