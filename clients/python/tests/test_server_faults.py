"""Against a real server: limits, identities, deadlines and restarts."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pandas as pd
import pytest
from conftest import AS_OF, Shop
from leads import ALL, ONCE, as_lists, expected, leads

from leadline import AsyncClient, Client, Retry
from leadline.batches import Options, encode_frame, result_frame
from leadline.errors import (
    ConnectError,
    DeadlineExceededError,
    ForbiddenError,
    OverloadedError,
    QuotaExceededError,
    RequestTimeoutError,
    TooLargeError,
    TransportError,
)
from leadline.frames import wrap
from leadline.request import set_deadline
from leadline.wire import Limits


def test_a_deadline_that_passes_is_told_by_either_side(shop: Shop, server: str) -> None:
    frame = pd.concat([leads(shop)] * 40, ignore_index=True)
    with Client(server, ca=shop.ca) as client:
        client.score(frame, deadline=30.0)
        started = time.monotonic()
        with pytest.raises(TimeoutError) as caught:
            client.score(frame, deadline=0.0001)
        assert isinstance(caught.value, (DeadlineExceededError, RequestTimeoutError))
        assert time.monotonic() - started < 5


def test_the_server_is_told_the_deadline(shop: Shop, server: str) -> None:
    frame = leads(shop)
    with Client(server, ca=shop.ca, retry=ONCE) as client:
        description = client.describe()
        options = Options.of("", "", ALL, None, "refuse", "refuse", 5_000, None, 1)
        message = encode_frame(wrap(frame), description, options, 3, "")
        set_deadline(message, 1)
        with pytest.raises(DeadlineExceededError) as caught:
            client._run(client._core.ask(message, description, len(frame), options.outputs, None))
        assert (caught.value.code, caught.value.retryable, caught.value.request_id) == (40, True, 3)


def test_a_server_that_says_nothing_is_given_up(shop: Shop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        with Client(url, ca=shop.ca, connect_timeout=0.2, retry=ONCE) as client, pytest.raises(ConnectError):
            client.models()

        async def run() -> None:
            async with AsyncClient(url, ca=shop.ca, connect_timeout=0.2, retry=ONCE) as client:
                with pytest.raises(ConnectError):
                    await client.models()

        asyncio.run(run())
    with Client(url, ca=shop.ca, retry=ONCE) as client, pytest.raises(ConnectError):
        client.models()  # nobody listens there any more


def test_overload_is_told_and_tried_again(shop: Shop) -> None:
    frame = leads(shop)
    options = Options.of("", "", ALL, AS_OF, "refuse", "refuse", 5_000, None, 1)
    small = ("--max-message-bytes", "200000", "--max-connection-bytes", "200000", "--max-worker-bytes", "800000")

    async def ask(retry: Retry, url: str) -> list[Any]:
        async with AsyncClient(url, ca=shop.ca, retry=retry, connections=1) as client:
            # All are written before the first is sent: the server gets more at once than it takes.
            description = await client.describe()
            messages = [encode_frame(wrap(frame), description, options, 7 + each, "") for each in range(60)]
            flows = (client._core.ask(each, description, len(frame), options.outputs, None) for each in messages)
            replies = await asyncio.gather(*map(client._run, flows), return_exceptions=True)
            assert client.connections_opened == 1
            return [
                reply
                if isinstance(reply, BaseException)
                else as_lists(result_frame(wrap(frame), description, options.outputs, [reply]))
                for reply in replies
            ]

    with shop.serve(*small) as served:
        results = asyncio.run(ask(ONCE, served.url))
        refused = [result for result in results if isinstance(result, OverloadedError)]
        assert refused
        assert all((error.code, error.http_status, error.retryable) == (41, 503, True) for error in refused)
        assert all(error.retry_after is not None and error.retry_after > 0 for error in refused)
        others = [result for result in results if not isinstance(result, OverloadedError)]
        assert others
        again = asyncio.run(ask(Retry(attempts=60, first_wait=0.02, longest_wait=0.2), served.url))
        assert all(result == expected(shop) for result in [*others, *again])


def test_a_message_that_is_too_large_is_told_before_all_of_it_is_sent(shop: Shop) -> None:
    frame = pd.concat([leads(shop)] * 40, ignore_index=True)
    with shop.serve("--max-message-bytes", "20000", "--max-rows", "1000") as served:
        with Client(served.url, ca=shop.ca) as client:
            description = client.describe()
            assert (description.limits.rows_max, description.limits.message_bytes_max) == (1000, 20_000)
            assert len(client.score(frame.head(3_000))) == 3_000
            before = client.connections_opened
            client._core.descriptions[""] = dataclasses.replace(description, limits=Limits())
            started = time.monotonic()
            with pytest.raises(TooLargeError) as caught:
                client.score(frame, batch_rows=60_000)
            assert caught.value.code == 20
            assert time.monotonic() - started < 5
            assert len(client.score(frame.head(100))) == 100  # on the same connection
            assert client.connections_opened == before

        async def run() -> None:
            async with AsyncClient(served.url, ca=shop.ca, connections=1) as client:
                description = await client.describe()
                client._core.descriptions[""] = dataclasses.replace(description, limits=Limits())
                with pytest.raises(TooLargeError):
                    await client.score(frame, batch_rows=60_000)
                assert len(await client.score(frame.head(100))) == 100
                assert client.connections_opened == 1

        asyncio.run(run())


def test_a_quota_is_waited_for(shop: Shop) -> None:
    frame = leads(shop)
    rows = len(frame)
    policy = {"rules": [{"identity": "*", "roles": ["score", "read"], "rowsPerSecond": 2 * rows}]}
    (shop.folder / "quota.json").write_text(json.dumps(policy))
    with shop.serve("--policy", "quota.json") as served:
        with Client(served.url, ca=shop.ca, retry=ONCE) as client:
            with pytest.raises(QuotaExceededError) as caught:
                [client.score(frame) for _ in range(8)]
            assert caught.value.retry_after
        with Client(served.url, ca=shop.ca, retry=Retry(attempts=8)) as client:
            started = time.monotonic()
            for _ in range(4):
                client.score(frame)
            assert time.monotonic() - started > 0.4


def test_clients_show_who_they_are(shop: Shop) -> None:
    frame = leads(shop)
    with shop.serve("--client-ca", "certs/ca.pem") as served:
        with Client(served.url, ca=shop.ca, cert=shop.cert, key=shop.key) as client:
            assert as_lists(client.score(frame, outputs=ALL, as_of=AS_OF)) == expected(shop)
        with Client(served.url, ca=shop.ca, retry=ONCE) as client, pytest.raises(TransportError):
            client.score(frame)

        async def run() -> None:
            async with AsyncClient(served.url, ca=shop.ca, cert=shop.cert, key=shop.key) as client:
                assert len(await client.score(frame)) == len(frame)
            async with AsyncClient(served.url, ca=shop.ca, retry=ONCE) as client:
                with pytest.raises(TransportError):
                    await client.score(frame)

        asyncio.run(run())


def test_who_may_not_is_told_so(shop: Shop) -> None:
    (shop.folder / "nobody.json").write_text(json.dumps({"rules": [{"identity": "*", "roles": ["read"]}]}))
    with shop.serve("--policy", "nobody.json") as served, Client(served.url, ca=shop.ca) as client:
        assert client.describe().name == "leads"
        with pytest.raises(ForbiddenError) as caught:
            client.score(leads(shop))
        assert (caught.value.code, caught.value.http_status) == (51, 403)
    (shop.folder / "nobody.json").write_text(json.dumps({"rules": []}))
    with shop.serve("--policy", "nobody.json") as served, Client(served.url, ca=shop.ca) as client:
        with pytest.raises(ForbiddenError) as caught:
            client.describe("leads")
        assert caught.value.http_status == 403


def test_a_server_of_another_authority_is_not_trusted(shop: Shop, server: str) -> None:
    shop.run("certs", "strangers")
    strangers = str(shop.folder / "strangers" / "ca.pem")
    with Client(server, ca=strangers, retry=ONCE) as client, pytest.raises(ConnectError, match="certificate"):
        client.models()
    with pytest.raises(ConnectError, match=r"nowhere\.pem"):
        Client(server, ca="nowhere.pem")


def test_a_restart_is_not_noticed(shop: Shop) -> None:
    """Connections drain, the address is gone for a moment, and no call fails."""
    frame = leads(shop).head(200)
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    retry = Retry(attempts=100, first_wait=0.05, longest_wait=0.1)
    scored = 0
    stop = threading.Event()

    def call() -> int:
        count = 0
        with Client(f"https://{address}", ca=shop.ca, retry=retry) as client:
            while not stop.is_set():
                count += len(client.score(frame))
        return count

    async def call_many() -> int:
        count = 0
        async with AsyncClient(f"https://{address}", ca=shop.ca, retry=retry) as client:
            while not stop.is_set():
                results = await asyncio.gather(*(client.score(frame) for _ in range(8)))
                count += sum(map(len, results))
        return count

    with ThreadPoolExecutor(3) as pool:
        try:
            with shop.serve(listen=address) as first:
                calls = [pool.submit(call), pool.submit(call), pool.submit(lambda: asyncio.run(call_many()))]
                time.sleep(0.7)
                first.process.send_signal(signal.SIGTERM)
                first.process.wait(15)
            with shop.serve(listen=address):
                time.sleep(0.7)
                stop.set()
                scored = sum(future.result(timeout=30) for future in calls)
        finally:
            stop.set()
    assert scored > 1_000


def test_a_closed_client_says_so(shop: Shop, server: str) -> None:
    client = Client(server, ca=shop.ca)
    client.models()
    client.close()
    with pytest.raises(TransportError, match="closed"):
        client.models()
