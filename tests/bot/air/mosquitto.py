"""A real Mosquitto for tests: its own folder and port, accounts by its dynamic security, ended by its own process."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.air_device_rules import Account, Mqtt
from core.air_rules import Air
from core.settings import read
from tests.ports import free_port

PROGRAM = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
PLUGINS = ("/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib")
KEEPER, LISTENER = (
    Account(username="keeper", password="keeper of tests"),
    Account(username="ear", password="ear of tests"),
)


def rules_of(port: int) -> Air:
    """The city's rules with the broker of this port."""
    return read().air.model_copy(
        update={"mqtt": Mqtt(enabled=True, port=port, listener=LISTENER, keeper=KEEPER, batch_ms=20)}
    )


class Mosquitto:
    """`rules`: how to reach it. `stop` and `start` keep what it knows, as a restart of the machine does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rules = rules_of(free_port()).mqtt
        self._process: subprocess.Popen[bytes] | None = None
        plugin = next(Path(place) / "mosquitto_dynamic_security.so" for place in PLUGINS if _has(place))
        known = folder / "dynamic-security.json"
        command = ["mosquitto_ctrl", "dynsec", "init", str(known), KEEPER.username, KEEPER.password]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.rules.port} 127.0.0.1\n"
            "per_listener_settings false\nallow_anonymous false\n"
            f"plugin {plugin}\nplugin_opt_config_file {known}\n"
            f"persistence true\npersistence_location {folder}/\n"
            "max_queued_messages 100000\nmax_inflight_messages 2000\nuser root\n",
        )

    def start(self) -> None:
        command = [PROGRAM, "-c", str(self.folder / "mosquitto.conf")]
        with (self.folder / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


def _has(place: str) -> bool:
    return (Path(place) / "mosquitto_dynamic_security.so").is_file()


@contextmanager
def mosquitto(folder: Path) -> Iterator[Mosquitto]:
    made = Mosquitto(folder)
    made.start()
    try:
        yield made
    finally:
        made.stop()
