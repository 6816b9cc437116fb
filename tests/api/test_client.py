"""A client that openapi-python-client generates from the description signs in, registers, reads and decides; errors are typed."""

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from storage.unit_of_work import Database
from tests.api.kit import PASSWORD, REQUEST, Api, FakeEngine, key

NAME = "sanhuan_client"
FILES = ("application/pdf", "image/jpeg", "image/png", "text/plain")
CONFIG = {"post_hooks": [], "content_type_overrides": dict.fromkeys(FILES, "application/octet-stream")}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The generated package. A part of the description that the generator cannot read fails here, with its warning."""
    place = tmp_path_factory.mktemp("client")
    database = Database(f"sqlite:///{place}/none.db")
    engine: Any = FakeEngine(None)  # type: ignore[arg-type]  # nobody is served
    (place / "openapi.json").write_text(
        json.dumps(create_app(Settings(), database, engine).openapi()), encoding="utf-8"
    )
    (place / "config.json").write_text(json.dumps(CONFIG), encoding="utf-8")
    database.close()
    options = ["--path", "openapi.json", "--output-path", NAME, "--meta", "none", "--config", "config.json"]
    program = str(Path(sys.executable).with_name("openapi-python-client"))
    made = subprocess.run(
        [program, "generate", *options, "--fail-on-warning"], cwd=place, check=False, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(place))
    yield importlib.import_module(NAME)
    sys.path.remove(str(place))
    for name in [n for n in sys.modules if n.partition(".")[0] == NAME]:
        del sys.modules[name]


def part(name: str) -> Any:
    """A module of the generated client."""
    return importlib.import_module(f"{NAME}.{name}")


def connected(made: Any, api: Api, language: str = "zh") -> Any:
    """A generated client over our app in this process."""
    return made.set_async_httpx_client(
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=api.app),
            base_url="http://test",
            headers={"accept-language": language}
            | ({"authorization": f"Bearer {made.token}"} if hasattr(made, "token") else {}),
        )
    )


async def signed_in(client: ModuleType, api: Api, user: str, language: str = "zh") -> Any:
    """A client with a session of the user, opened by the client itself."""
    words = part("models").SignIn(user=user, password=PASSWORD)
    stranger = connected(client.Client(base_url="http://test"), api, language)
    session = await part("api.sessions.sign_in").asyncio(client=stranger, body=words)
    assert isinstance(session, part("models").SessionOut), session
    assert session.user.roles == [user]
    return connected(client.AuthenticatedClient(base_url="http://test", token=session.token), api, language)


async def test_the_generated_client_signs_in_registers_decides_and_reads(client: ModuleType, light_api: Api) -> None:
    models, http = part("models"), await signed_in(client, light_api, "agent")
    taken = await part("api.requests.register_request").asyncio(
        client=http, body=models.RequestIn.from_dict(REQUEST), idempotency_key=key()
    )
    assert isinstance(taken, models.Registered), taken
    triage = models.CaseClassify.from_dict({"triage": "routine"})
    decided = await part("api.decisions.case_triage").asyncio(taken.no, client=http, body=triage, idempotency_key=key())
    assert isinstance(decided, models.Decided), decided
    case = await part("api.cases.read_case").asyncio(taken.no, client=http)
    assert isinstance(case, models.CaseOut), case
    assert (case.no, case.stage, case.seq) == (taken.no, decided.stage, decided.seq)
    assert case.title == REQUEST["title"]


@pytest.mark.parametrize(("language", "word"), [("zh", "没有找到"), ("en", "Not found")])
async def test_its_errors_are_typed_and_in_the_readers_language(
    client: ModuleType, light_api: Api, language: str, word: str
) -> None:
    models, http = part("models"), await signed_in(client, light_api, "agent", language)
    answer = await part("api.cases.read_case").asyncio_detailed("20260105-000001", client=http)
    assert answer.status_code == 404
    assert isinstance(answer.parsed, models.ProblemBody)
    assert (answer.parsed.code, answer.parsed.status) == ("not_found", 404)
    assert word in answer.parsed.detail


async def test_a_refusal_of_the_rules_is_typed_with_its_place(client: ModuleType, light_api: Api) -> None:
    models, http = part("models"), await signed_in(client, light_api, "dispatcher")
    no = await light_api.take()
    early = models.CaseDispatch.from_dict({"lead": "water"})
    told = await part("api.decisions.case_dispatch").asyncio(no, client=http, body=early, idempotency_key=key())
    assert isinstance(told, models.ProblemBody)
    assert (told.status, told.code) == (409, "not_in_this_stage")
    stranger = connected(client.Client(base_url="http://test"), light_api)
    told = await part("api.sessions.sign_in").asyncio(client=stranger, body=models.SignIn(user="x" * 81, password="x"))
    assert isinstance(told, models.ProblemBody)
    assert [(fault.place, fault.code) for fault in told.errors] == [("/user", "too_long")]
