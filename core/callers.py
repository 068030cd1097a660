"""Whose calls a webhook takes by network address, where a trusted proxy says who called.

A web server of ours sees only the proxy; the header that the proxy sets is a setting, and off by default: a header
that nobody trusted sets is a header that anybody can send.
"""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, model_validator


class Callers(BaseModel):
    """`header`: set (and overwritten) by our own proxy, e.g. x-real-ip. `networks`: CIDR, from the provider's document.

    Both or neither: one without the other would shut everybody out or let everybody in.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    header: Annotated[str, Field(pattern=r"^$|^[A-Za-z0-9-]+$")] = ""
    networks: tuple[IPvAnyNetwork, ...] = ()

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if bool(self.header) != bool(self.networks):
            raise ValueError("header와 networks는 함께 적습니다 (header and networks go together)")
        return self

    @property
    def are_checked(self) -> bool:
        return bool(self.networks)

    def include(self, headers: Mapping[str, str]) -> bool:
        """Whether the caller is one of them; always where nothing is checked.

        Of a list (X-Forwarded-For) the last address counts: it is the one that the nearest proxy wrote.
        """
        if not self.networks:
            return True
        try:
            address = ipaddress.ip_address(headers.get(self.header.lower(), "").rpartition(",")[2].strip())
        except ValueError:
            return False
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return any(address in network for network in self.networks)
