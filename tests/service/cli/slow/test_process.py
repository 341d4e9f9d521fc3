"""The service as a process: started, watched, stopped."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import orjson

from service.settings import Settings
from tests.service.conftest import Start, on_each_server

README = Path(__file__).parents[4] / "README.md"
ROOT = Path(__file__).parents[4]


async def test_a_new_installation_serves_and_says_what_to_do(start: Start, tmp_path: Path) -> None:
    process, url = await start()

    async with aiohttp.ClientSession() as session:
        ready = await session.get(f"{url}/readyz")
        await session.post(f"{url}/graphql", json={"query": "{ products { totalCount } }"})
        metrics = await (await session.get(f"{url}/metrics")).text()
    process.send_signal(signal.SIGTERM)
    output, _ = await process.communicate()

    assert (ready.status, await _json(ready)) == (200, {"status": "ok"})
    count = 'kooch_request_duration_seconds_count{method="POST",route="/graphql",status="200"} 1.0'
    assert count in metrics
    assert f"{url}/graphql" in output.decode()
    assert 'createProduct(input: {sku: "TEA-1"' in output.decode()
    assert (tmp_path / "var" / "shop.db").exists()
    assert process.returncode == 0


async def _json(response: aiohttp.ClientResponse) -> object:
    return orjson.loads(await response.read())


async def test_a_request_in_flight_is_answered_before_the_end(start: Start) -> None:
    process, url = await start()
    body = {
        "query": "mutation ($i: RegisterUserInput!) { registerUser(input: $i) { user { email } } }"
    }

    async with aiohttp.ClientSession() as session:

        async def register(n: int) -> int:
            values = {"email": f"u{n}@example.com", "password": "long enough", "fullName": "U"}
            async with session.post(
                f"{url}/graphql", json=body | {"variables": {"i": values}}
            ) as r:
                return 1 if (await r.json())["data"]["registerUser"]["user"] else 0

        # Hashing takes a while, one at a time, so most of these are in flight at the signal.
        requests = [asyncio.create_task(register(n)) for n in range(40)]
        await asyncio.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        answered = sum(await asyncio.gather(*requests))
    await process.communicate()

    assert (answered, process.returncode) == (40, 0)


async def test_the_log_is_one_json_object_a_line_without_secrets(start: Start) -> None:
    process, url = await start(SERVICE_LOG_FORMAT="json")

    async with aiohttp.ClientSession() as session:
        query = 'mutation { logIn(input: {email: "a@b.co", password: "hunter2hunter2"}) { token } }'
        await session.post(
            f"{url}/graphql", json={"query": query}, headers={"X-Request-Id": "my-request-1"}
        )
    process.send_signal(signal.SIGINT)
    _, log = await process.communicate()

    lines = [orjson.loads(line) for line in log.splitlines()]
    (entry,) = [line for line in lines if line.get("request_id") == "my-request-1"]
    assert (entry["event"], entry["status"], entry["level"]) == ("request", 200, "info")
    assert entry["duration_ms"] > 0
    assert b"hunter2" not in log


async def test_without_its_secret_the_service_does_not_start_in_public() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", "serve", stderr=PIPE,
        env={k: v for k, v in os.environ.items() if k != "SERVICE_SECRET"}
        | {"SERVICE_HOST": "0.0.0.0"},
    )  # fmt: skip

    _, error = await process.communicate()

    assert process.returncode == 1
    assert b"SERVICE_SECRET is not set" in b" ".join(error.split())


@on_each_server
async def test_the_first_administrator_gets_a_token_that_works(
    start: Start, database_url: str
) -> None:
    environment = {
        "DATABASE_URL": database_url,
        "SERVICE_SECRET": "s" * 32,
        "CRON_ENABLED": "false",
    }
    made = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", "users", "create-admin", "root@example.com",
        stdout=PIPE, env=os.environ | environment | {"SERVICE_ADMIN_PASSWORD": "long enough"},
    )  # fmt: skip
    output, _ = await made.communicate()
    header = output.decode().strip().splitlines()[-1]
    _, url = await start(**environment)

    async with aiohttp.ClientSession() as session:
        token = {"Authorization": header.removeprefix("Authorization: ")}
        query = {"query": "{ user { email role } }"}
        async with session.post(f"{url}/graphql", json=query, headers=token) as response:
            answer = await response.json()

    assert answer["data"]["user"] == {"email": "root@example.com", "role": "ADMIN"}


async def test_jobs_are_listed_and_run_from_the_command_line(sqlite_url: str) -> None:
    async def run(*arguments: str) -> tuple[int, str]:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "service", "jobs", *arguments, stdout=PIPE, stderr=PIPE,
            env=os.environ | {"DATABASE_URL": sqlite_url, "COLUMNS": "200"},
        )  # fmt: skip
        output, errors = await process.communicate()
        return process.returncode or 0, (output + errors).decode()

    _, listed = await run("list")
    code, done = await run("run", "housekeeping")
    unknown, message = await run("run", "tea")

    assert "0 14 * * *" in listed
    assert "*/20 * * * *" in listed
    assert code == 0
    assert "housekeeping succeeded" in done
    assert unknown == 1
    assert "There is no job 'tea'" in message


def test_the_readme_lists_every_setting_with_its_default() -> None:
    table = {
        cells[1].strip(" `"): cells[2].strip(" `")
        for line in README.read_text("utf-8").splitlines()
        if (cells := line.split("|"))[1:] and cells[1].strip().startswith("`")
        if "MIGRATOR_" not in cells[1]
    }
    words = {None: "none", True: "true", False: "false", "": "the machine's"}

    expected = {
        # A dictionary takes 1 for True.
        name.upper(): str(
            field.default if type(field.default) is int else words.get(field.default, field.default)
        )
        for name, field in Settings.model_fields.items()
    }

    assert table == expected
