"""Neighbours that admins named, as sources that the rounds ask beside those of config.yml."""

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.parking.federation import peers
from core import loading
from core.contracts.parking import Pulling
from core.parking_rules import Federation


async def peer_sources(tx: AsyncConnection, city_id: str, rules: Federation | None = None) -> dict[str, Pulling]:
    """Every active neighbour by its name, built anew: a changed address or key counts from the next round on.

    Call it in a transaction that may write, once a round; the sources live under these names in `civic.sources`
    with the vendor `civic.parking.federation.peers.VENDOR`.
    """
    rules = rules or Federation()
    await peers.take_sequences(tx, city_id)
    module = loading.file("integrations.parking", peers.VENDOR)
    found: dict[str, Pulling] = {}
    for peer in await peers.listed(tx, city_id, only_active=True):
        settings = module.Settings(
            url=peer.url,
            public_keys=peer.public_key.split(),
            owner=peer.owner,
            city=city_id,
            last_sequence=peer.last_sequence,
            interval_s=rules.interval_s,
            static_interval_s=rules.static_interval_s,
            most_age_minutes=rules.most_age_minutes,
        )
        found[peer.name] = module.build(peer.name, settings)
    return found
