"""Signing in, for the API and for the console's form."""

from datetime import timedelta

from starlette.concurrency import run_in_threadpool

from api.problems import Problem
from api.services import Services
from storage.accounts import Account, Session, close_session, find_account, open_session, password_fits, token_hash
from storage.audit import write_audit


async def sign_in(place: Services, user: str, password: str, address: str) -> Session:
    """Open a session. Refuses: 401 for a wrong user or password alike, 429 after too many failures."""
    key = f"{address}|{user}"
    wait = place.failures.wait(key)
    if wait > 0:
        raise Problem(429, "too_many_failures", retry_after=wait)
    async with place.passwords:
        account = await run_in_threadpool(_verified, place, user, password)
    if account is None:
        place.failures.take(key)
        raise Problem(401, "wrong_credentials", headers={"WWW-Authenticate": "Bearer"})
    return await run_in_threadpool(_open, place, account)


async def sign_out(place: Services, token: str) -> None:
    """End a session."""
    place.sessions.drop(token_hash(token))
    await run_in_threadpool(_close, place, token)


def _verified(place: Services, user: str, password: str) -> Account | None:
    with place.database.read() as connection:
        found = find_account(connection, user)
    return found[0] if password_fits(found[1] if found else None, password) and found else None


def _open(place: Services, account: Account) -> Session:
    now = place.now()
    with place.database.write() as connection:
        session = open_session(connection, account, now, timedelta(hours=place.settings.session_hours))
        write_audit(
            connection,
            at=now,
            user=account.user,
            role=None,
            action="sign_in",
            subject=f"account/{account.user}",
            why="session",
        )
    return session


def _close(place: Services, token: str) -> None:
    with place.database.write() as connection:
        close_session(connection, token)
