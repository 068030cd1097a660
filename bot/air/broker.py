"""The broker's accounts of devices, by Mosquitto's dynamic security: each may publish its own topic and nothing else.

Roles are one a device: Mosquitto 2.0 does not replace %u in the patterns of that plugin.
"""

import asyncio
import json
import secrets
import ssl
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

import aiomqtt

from core.air_device_rules import Account, Mqtt
from core.errors import Unavailable

CONTROL = "$CONTROL/dynamic-security/v1"
UP, ERRORS = "up", "errors"
LISTENER_ROLE = "sinmungo-listener"
ANSWER_S = 10.0
_THERE, _GONE = "already exists", "not found"


class BrokerAway(Unavailable):
    code = "air_broker"


class Broker:
    """Asks the broker as its keeper. Every call connects, asks and leaves: accounts change a few times a year.

    Raises BrokerAway when the broker cannot be reached, takes no such keeper or refuses what it was asked.
    """

    def __init__(self, rules: Mqtt) -> None:
        self._rules = rules

    @property
    def is_used(self) -> bool:
        return self._rules.enabled and bool(self._rules.keeper.password)

    async def admit(self, name: str) -> str:
        """A new password of the device, shown once. One that was connected with the old one is cut off."""
        password, role = secrets.token_urlsafe(24), role_of(name)
        acls = [_acl("publishClientSend", topic(name, UP)), _acl("subscribeLiteral", topic(name, ERRORS))]
        acls.append(_acl("publishClientReceive", topic(name, ERRORS)))
        await self._ask(
            {"command": "createRole", "rolename": role, "acls": acls},
            {"command": "createClient", "username": name, "password": password, "roles": [{"rolename": role}]},
            {"command": "setClientPassword", "username": name, "password": password},
            {"command": "enableClient", "username": name},
            may_fail={"createRole": _THERE, "createClient": _THERE},
        )
        return password

    async def disable(self, name: str) -> None:
        """Cut off at once and not let in until `enable`. Nothing happens to one that the broker does not know."""
        await self._ask({"command": "disableClient", "username": name}, may_fail={"disableClient": _GONE})

    async def enable(self, name: str) -> None:
        """Let in again with the password that it has."""
        await self._ask({"command": "enableClient", "username": name}, may_fail={"enableClient": _GONE})

    async def prepare(self) -> None:
        """Make the account that listens and its session, and shut every door that no role opens.

        From here on the broker keeps what devices publish until somebody hears it. To be repeated without harm.
        """
        acls = [
            _acl("subscribePattern", topic("+", UP)),
            _acl("publishClientReceive", topic("+", UP)),
            _acl("publishClientSend", topic("+", ERRORS)),
        ]
        listener = self._rules.listener
        kinds = ("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe")
        shut = [{"acltype": kind, "allow": kind == "unsubscribe"} for kind in kinds]
        who = {"username": listener.username, "password": listener.password}
        await self._ask(
            {"command": "setDefaultACLAccess", "acls": shut},
            {"command": "createRole", "rolename": LISTENER_ROLE, "acls": acls},
            {"command": "createClient", **who, "roles": [{"rolename": LISTENER_ROLE}]},
            {"command": "setClientPassword", **who},
            may_fail={"createRole": _THERE, "createClient": _THERE},
        )
        try:
            async with connect(self._rules, listener, self._rules.client_id, clean_session=False) as session:
                await session.subscribe(topic("+", UP), qos=1)
        except aiomqtt.MqttError as error:
            raise _away(error) from None

    async def _ask(self, *commands: Mapping[str, Any], may_fail: Mapping[str, str]) -> None:
        """`may_fail`: by command the answer that is no failure."""
        if not self.is_used:
            raise BrokerAway("MQTT 브로커가 설정되지 않았습니다 (air.mqtt).", "No broker is set up (air.mqtt).")
        try:
            async with asyncio.timeout(ANSWER_S):
                answers = await self._answers(commands)
        except (aiomqtt.MqttError, TimeoutError) as error:
            raise _away(error) from None
        for answer in answers:
            command, said = str(answer.get("command", "")), str(answer.get("error", ""))
            if said and may_fail.get(command, "\x00") not in said.lower():
                raise BrokerAway(
                    f"MQTT 브로커가 '{command}'을(를) 하지 않았습니다.", f"The broker refused {command}: {said[:100]}"
                )

    async def _answers(self, commands: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        mine = uuid4().hex
        asked = [{**command, "correlationData": mine} for command in commands]
        found: list[dict[str, Any]] = []
        async with connect(self._rules, self._rules.keeper, f"keeper-{mine[:12]}") as client:
            await client.subscribe(f"{CONTROL}/response", qos=1)
            await client.publish(CONTROL, json.dumps({"commands": asked}), qos=1)
            async for message in client.messages:
                told = json.loads(bytes(message.payload)).get("responses", [])
                found += [one for one in told if one.get("correlationData") == mine]
                if len(found) >= len(asked):
                    break
        return found


def _away(error: Exception) -> BrokerAway:
    return BrokerAway("MQTT 브로커에 닿지 않습니다.", "The broker cannot be reached.", error=type(error).__name__)


def topic(name: str, what: str) -> str:
    return f"air/{name}/{what}"


def role_of(name: str) -> str:
    return f"device-{name}"


def connect(rules: Mqtt, account: Account, client_id: str, **more: Any) -> aiomqtt.Client:
    """A connection to the broker, to be entered. `more`: as aiomqtt.Client takes it."""
    return aiomqtt.Client(**options(rules, account, client_id), **more)


def options(rules: Mqtt, account: Account, client_id: str) -> dict[str, Any]:
    context = ssl.create_default_context(cafile=rules.ca_file) if rules.ca_file else None
    return {
        "hostname": rules.host,
        "port": rules.port,
        "username": account.username,
        "password": account.password,
        "identifier": client_id,
        "tls_context": context,
        "timeout": ANSWER_S,
    }


def _acl(kind: str, where: str) -> dict[str, Any]:
    return {"acltype": kind, "topic": where, "priority": 1, "allow": True}
