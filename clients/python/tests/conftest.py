"""What all tests share: the protocol's documents, seeds that are printed, and servers to talk to."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import hypothesis.core
import pytest

SEED = int(os.environ.get("LEADLINE_SEED") or random.SystemRandom().getrandbits(31))
BINARY = os.environ.get("LEADLINE_BIN", "")
AS_OF = "2026-01-31"

hypothesis.settings.register_profile("leadline", deadline=None, print_blob=True)
hypothesis.settings.load_profile("leadline")


def pytest_report_header() -> list[str]:
    found = BINARY if BINARY and Path(BINARY).is_file() else "NONE: tests against a server are SKIPPED (LEADLINE_BIN)"
    return [f"leadline: seed {SEED} (repeat with LEADLINE_SEED={SEED})", f"leadline: binary {found}"]


def pytest_configure(config: pytest.Config) -> None:
    del config
    hypothesis.core.global_force_seed = SEED  # type: ignore[assignment]


@dataclass(frozen=True)
class Shop:
    """A folder with leads, models that learned from them, and certificates."""

    folder: Path

    @property
    def ca(self) -> str:
        return str(self.folder / "certs" / "ca.pem")

    @property
    def cert(self) -> str:
        return str(self.folder / "certs" / "client.pem")

    @property
    def key(self) -> str:
        return str(self.folder / "certs" / "client.key")

    def run(self, *arguments: str) -> str:
        done = subprocess.run(
            [BINARY, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def train(self, out: str, *more: str) -> None:
        self.run(
            "train", "leads.csv", "--label", "converted", "--id", "lead_id", "--date", "created_date",
            "--out", out, *more,
        )  # fmt: skip

    @contextmanager
    def serve(self, *options: str, models: str = "models", listen: str = "127.0.0.1:0") -> Iterator[Served]:
        """A server of its own, ended by its id."""
        server = subprocess.Popen(
            [
                BINARY, "serve", "--models", models, "--listen", listen, "--admin", "127.0.0.1:0",
                "--tls-cert", "certs/server.pem", "--tls-key", "certs/server.key", "--workers", "1",
                "--log-level", "error", *options,
            ],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        try:
            assert server.stdout is not None
            ready = server.stdout.readline()
            assert ready, "the server did not become ready"
            yield Served(server, "https://" + json.loads(ready)["listen"])
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            if server.stdout is not None:
                server.stdout.close()


@dataclass(frozen=True)
class Served:
    """A running server."""

    process: subprocess.Popen[str]
    url: str


Serve = Callable[..., AbstractContextManager[Served]]


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    if not BINARY or not Path(BINARY).is_file():
        pytest.skip("LEADLINE_BIN names no binary: nothing was tested against a server")
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.run("sample-leads", "--rows", "12000", "--seed", "7", "--open-share", "0.1", "-o", "leads.csv")
    shop.train("models/leads")
    shop.run("certs", "certs")
    lines = (shop.folder / "leads.csv").read_text().splitlines(keepends=True)
    (shop.folder / "open.csv").write_text("".join([lines[0], *(line for line in lines if line.endswith(",\n"))]))
    shop.run("score", "--model", "models/leads", "open.csv", "--format", "csv", "--as-of", AS_OF, "-o", "expected.csv")
    shutil.copytree(shop.folder / "models", shop.folder / "spare")
    return shop


@pytest.fixture(scope="session")
def server(shop: Shop) -> Iterator[str]:
    with shop.serve() as served:
        yield served.url
