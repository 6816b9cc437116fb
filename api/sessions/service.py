"""Signing in, for the API and for the console's form."""

from datetime import timedelta
from typing import Final

from starlette.concurrency import run_in_threadpool

from api.access import too_often
from api.limits import network_of
from api.problems import Problem
from api.services import Services
from storage.accounts import Account, Session, close_session, find_account, open_session, password_fits, token_hash
from storage.audit import latest, write_audit

FAILED: Final = "sign_in_failed"
NOBODY: Final = "?"


async def sign_in(place: Services, user: str, password: str, address: str) -> Session:
    """Open a session. Refuses: 401 for a wrong user or password alike, 429 after too many attempts or failures.

    Failures count for the account at this address, for the address, and for the account wherever they come from; the last is
    counted in the audit, so that it holds over all API processes and their restarts. An open session is never touched.
    """
    network, limits = network_of(address), place.limits
    failing = ((limits.failures, f"{network}|{user}"), (limits.failing_networks, network))
    _failed_too_often(max(buckets.wait(key) for buckets, key in failing))
    too_often(limits.sign_ins.take(network))
    async with place.passwords:
        # Again: those who waited beside it may have failed meanwhile.
        _failed_too_often(max(buckets.wait(key) for buckets, key in failing))
        account = await run_in_threadpool(_verified, place, user, password, address)
        if account is None:
            for buckets, key in failing:
                buckets.take(key)
    if account is None:
        raise Problem(401, "wrong_credentials", headers={"WWW-Authenticate": "Bearer"})
    return await run_in_threadpool(_open, place, account)


async def sign_out(place: Services, token: str) -> None:
    """End a session."""
    await run_in_threadpool(_close, place, token)
    place.sessions.drop(token_hash(token))


def _verified(place: Services, user: str, password: str, address: str) -> Account | None:
    """Return the account if the password is its own. A failure is on record, a stranger's under no name: it may be a password."""
    now, most = place.now(), place.settings.account_sign_in_failures
    window = timedelta(seconds=place.settings.sign_in_window_s)
    with place.database.read() as connection:
        found = find_account(connection, user)
        known = found[0].user if found else NOBODY
        failed = latest(connection, action=FAILED, subject=f"account/{known}", since=now - window, most=most)
    if found is not None and len(failed) >= most:
        _failed_too_often((failed[-1] + window - now).total_seconds())
    if password_fits(found[1] if found else None, password) and found:
        return found[0]
    with place.database.write() as connection:
        write_audit(
            connection, at=now, user=known, role=None, action=FAILED, subject=f"account/{known}", why=f"from {address}"
        )
    return None


def _failed_too_often(wait_s: float) -> None:
    if wait_s > 0:
        raise Problem(429, "too_many_failures", retry_after=wait_s)


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
