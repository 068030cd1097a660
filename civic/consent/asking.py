"""Consent as the conversation needs it: what is asked, and the citizen's own yes and no."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from civic.consent.giving import say_word, stopped
from civic.consent.refusals import lift
from civic.consent.standing import Word, latest
from civic.consent.words import said
from core.db import Database
from core.settings import City, Messaging


class ConsentService:
    """One city's. `standing` reads; the others write in the caller's transaction."""

    def __init__(self, db: Database, city: City, messaging: Messaging) -> None:
        self._db = db
        self._city = city
        self._messaging = messaging

    def question(self, lang: str) -> str:
        """What is asked, word for word; it is kept with the answer."""
        return said("ask", lang, city=self._name(lang))

    async def standing(self, conversation_id: UUID) -> Word | None:
        """The latest word; None when there is none."""
        async with self._db.reading() as tx:
            return await latest(tx, conversation_id)

    async def answer(
        self, tx: AsyncConnection, conversation_id: UUID, lang: str, now: datetime, *, is_given: bool, is_asked: bool
    ) -> str:
        """His yes or no, and what he is told of it. `is_asked`: to the question; else of his own accord."""
        if is_given:
            await lift(tx, conversation_id, now)
        wording = self.question(lang) if is_asked else ""
        await say_word(
            tx,
            self._messaging,
            conversation_id,
            now,
            city_id=self._city.id,
            city=self._name(lang),
            is_given=is_given,
            source="chat",
            wording=wording,
        )
        return said("given" if is_given else "withdrawn", lang, city=self._name(lang), at=now)

    async def stopped(self, tx: AsyncConnection, conversation_id: UUID, lang: str, now: datetime) -> None:
        """수신거부 of everything."""
        name = self._name(lang)
        await stopped(tx, self._messaging, conversation_id, now, city_id=self._city.id, city=name)

    def _name(self, lang: str) -> str:
        return self._city.name.en if lang == "en" else self._city.name.ko
