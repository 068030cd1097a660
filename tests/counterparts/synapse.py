"""A real Synapse in an environment of its own (it pins other versions than we do), knowing our application service.

Run as `python -m tests.counterparts.synapse` by `make test-channels` to lay that environment by synapse.lock, which
`uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url` makes of synapse.in.
"""

import asyncio
import hashlib
import hmac
import subprocess
import sys
import venv
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from core.loading import ROOT
from tests.waiting import until

LOCK = Path(__file__).with_name("synapse.lock")
HOME = ROOT / "var" / "synapse"
PYTHON = HOME / "venv" / "bin" / "python"
_STAMP = HOME / ".lock-digest"
_MUCH = {"per_second": 1000, "burst_count": 1000}
PASSWORD = "시민의-비밀번호-2026"


def ensure() -> None:
    """Lay the environment; nothing while the lock stands as it was. Raises CalledProcessError."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if _STAMP.is_file() and _STAMP.read_text("utf-8") == wanted:
        return
    sys.stderr.write("Synapse를 받습니다… (installing Synapse in var/synapse)\n")
    venv.create(HOME / "venv", clear=True, with_pip=True)
    words = ("-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "--no-deps", "-r")
    subprocess.run([PYTHON, *words, LOCK], check=True)
    _STAMP.write_text(wanted, "utf-8")


class Synapse:
    """A homeserver `localhost` on a loopback port."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self._config = folder / "homeserver.yaml"
        self._secret = ""

    def configure(self, *services: Path) -> None:
        """Its own generated settings, on our port, with these registration files and nothing held back."""
        words = ("--server-name", "localhost", "--generate-config", "--report-stats=no", "--data-directory")
        command = [
            str(PYTHON),
            "-m",
            "synapse.app.homeserver",
            "--config-path",
            str(self._config),
            *words,
            str(self.folder),
        ]
        subprocess.run(command, check=True, cwd=self.folder, capture_output=True, timeout=120)
        settings = yaml.safe_load(self._config.read_text("utf-8"))
        self._secret = settings["registration_shared_secret"]
        listener = {"port": self.port, "bind_addresses": ["127.0.0.1"], "type": "http", "tls": False}
        settings |= {
            "listeners": [{**listener, "resources": [{"names": ["client"], "compress": False}]}],
            "app_service_config_files": [str(one) for one in services],
            "bcrypt_rounds": 4,
            "trusted_key_servers": [],
            "rc_message": _MUCH,
            "rc_login": {"address": _MUCH, "account": _MUCH, "failed_attempts": _MUCH},
            "rc_joins": {"local": _MUCH, "remote": _MUCH},
            "rc_invites": {"per_room": _MUCH, "per_user": _MUCH, "per_issuer": _MUCH},
        }
        self._config.write_text(yaml.safe_dump(settings), "utf-8")

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Synapse"]:
        """From its first healthy answer until it is ended by its own id."""
        command = (str(PYTHON), "-m", "synapse.app.homeserver", "--config-path", str(self._config))
        with (self.folder / "said.log").open("wb") as said:
            child = await asyncio.create_subprocess_exec(*command, cwd=self.folder, stdout=said, stderr=said)
            try:
                async with httpx.AsyncClient() as client:

                    async def is_healthy() -> bool:
                        assert child.returncode is None, f"Synapse ended; see {said.name}"
                        try:
                            return (await client.get(f"{self.url}/health")).is_success
                        except httpx.TransportError:
                            return False

                    await until(is_healthy, 120)
                yield self
            finally:
                if child.returncode is None:
                    child.terminate()
                    await asyncio.wait_for(child.wait(), 30)

    async def add(self, name: str) -> None:
        """An account, by the shared secret (Synapse's admin API, "Shared-Secret Registration")."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            nonce = (await client.get("/_synapse/admin/v1/register")).json()["nonce"]
            words = b"\0".join(part.encode() for part in (nonce, name, PASSWORD, "notadmin"))
            mac = hmac.new(self._secret.encode(), words, hashlib.sha1).hexdigest()
            account: dict[str, Any] = {"nonce": nonce, "username": name, "password": PASSWORD, "mac": mac}
            answer = await client.post("/_synapse/admin/v1/register", json=account | {"admin": False})
            assert answer.is_success, answer.text


if __name__ == "__main__":
    ensure()
