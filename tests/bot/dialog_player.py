"""Plays a dialogue on the running house and checks every answer; a failure shows the talk up to there."""

import io
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.sweep import Sweep
from civic.cases.appeal import default_appeal
from civic.cases.case import Actor
from civic.cases.change import change_status
from civic.cases.extend import ask_consent, extend
from civic.cases.notices import tell
from civic.cases.service import CaseDraft, Deadline
from civic.cases.status import Status
from civic.cases.tables import cases, inquiries
from civic.conversations import addresses, ownership
from civic.conversations.outbound import Draft, queue
from civic.conversations.rules import schedule
from civic.conversations.tables import conversations, inbound
from civic.files.tables import attachments
from civic.people.service import contact_of
from civic.subscriptions.tables import subscriptions
from core import cp949
from core.clock import SEOUL
from core.contracts.channel import IncomingMessage, Media, OutgoingMessage
from core.ids import new_id
from core.vault import vault_of
from tests.bot.city import MORNING, Citizen, City
from tests.bot.dialog_file import Dialog, Step
from tests.civic.files.made import with_gps

_HANGUL = re.compile(r"[가-힣]")
_BROKEN = re.compile(r"\{\{|\}\}|\{%|\bNone\b|Undefined|문제가 생겼습니다|something went wrong")
"""What no citizen may ever read: template marks, Python's words, our own apology for a crash."""


def photo(shade: int = 120) -> bytes:
    """A small real JPEG."""
    data = io.BytesIO()
    Image.new("RGB", (64, 48), (shade, 90, 60)).save(data, "JPEG")
    return data.getvalue()


_DECISIONS = {
    "보완을요청한다": Status.WAITING_CITIZEN,
    "처리를마친다": Status.ANSWERED,
    "불수용한다": Status.REFUSED,
    "이송한다": Status.TRANSFERRED,
}


class Player:
    """One dialogue, one new citizen."""

    def __init__(self, city: City, dialog: Dialog) -> None:
        self.city = city
        self.dialog = dialog
        self.citizen: Citizen = city.citizen(dialog.lang)
        self.staff_id = new_id()
        self.answers: list[OutgoingMessage] = []
        self.shown: list[dict[str, str]] = []
        self.talk: list[str] = []
        self.said = ""

    async def play(self) -> None:
        start = datetime.fromisoformat(self.dialog.start).replace(tzinfo=SEOUL) if self.dialog.start else MORNING
        self.city.clock.move(start - self.city.clock.now())
        await self._long_ago()
        for step in self.dialog.steps:
            if step.action:
                value = await self._with_receipt(step.value)
                self.talk.append(f"  {step.action}: {str(value)[:160]}")
                self.answers = await self._act(step.action, value)
                self._note()
            await self._check(step)

    # -- what happens ------------------------------------------------------------------------------------------------

    async def _with_receipt(self, value: Any) -> Any:
        """`{접수번호}` in a dialogue is the number of this citizen's newest case."""
        if not isinstance(value, str) or "{접수번호}" not in value:
            return value
        return value.replace("{접수번호}", (await self._store())["접수번호"])

    async def _act(self, action: str, value: Any) -> list[OutgoingMessage]:
        match action:
            case "시민":
                # A summary of a form quotes him: only his own words may look like a broken template.
                self.said = value if "{{" in value else self.said
                return await self.citizen.say(value)
            case "단추누름":
                return await self.citizen.press_payload(self._payload(str(value), reversed(self.shown)))
            case "예전단추":
                return await self.citizen.press_payload(self._payload(str(value), self.shown))
            case "지어낸단추":
                return await self.citizen.press_payload(str(value))
            case "위치":
                return await self.citizen.pin(float(value[0]), float(value[1]), *map(str, value[2:]))
            case "사진":
                return await self.citizen.photo(self._picture(value))
            case "채팅시작":
                return await self._send("start")
            case "음성":
                return await self._send("other")
            case "시간흐름":
                self.city.move(minutes=float(value))
                return []
            case "양식정리":
                return await self._sweep()
            case "이웃":
                return await self._neighbour(value)
            case _:
                return await self._staff(value)

    async def _long_ago(self) -> None:
        """The cases of other dialogues are no neighbours of this one."""
        recent = cases.c.received_at > self.city.clock.now() - timedelta(days=30)
        async with self.city.house.db.transaction() as tx:
            await tx.execute(update(cases).where(recent).values(received_at=cases.c.received_at - timedelta(days=60)))

    async def _neighbour(self, value: Any) -> list[OutgoingMessage]:
        """Another citizen files {분야, 글, 위치} on his own; `공개`: what staff released of it."""
        house = self.city.house
        category = house.book.category(value["분야"])
        assert category is not None
        lat, lon, label = value["위치"]
        other = self.city.citizen()
        await other.say("안녕하세요")
        async with house.db.transaction() as tx:
            query = select(conversations.c.id).where(conversations.c.address == other.address)
            draft = CaseDraft(
                city_id=house.settings.city.id,
                receipt_prefix=house.settings.city.receipt_prefix,
                category=category.id,
                department_id=category.department_id,
                deadline=Deadline.read(category.deadline),
                title=value["글"],
                body=value["글"],
                conversation_id=(await tx.execute(query)).scalar_one(),
                citizen_id=None,
                channel="memory",
                place=label,
                lat=lat,
                lon=lon,
            )
            opened = await house.cases.open_case(tx, draft, self.city.clock.now())
            released = update(cases).where(cases.c.id == opened.id)
            await tx.execute(released.values(public_text=value.get("공개")))
        return []

    def city_shade(self) -> int:
        """A colour by turn, so that two photos are two pictures."""
        return 10 + len(self.talk) % 200

    async def _send(self, kind: Any) -> list[OutgoingMessage]:
        self.city.channel.files["voice"] = b"not a picture"
        media = (Media("voice", "voice"),) if kind == "other" else ()
        message = IncomingMessage(uuid4().hex, self.citizen.address, kind, media=media, lang_hint=self.citizen.lang)
        return await self.citizen.send(message)

    def _picture(self, value: Any) -> bytes:
        """`깨진`: no picture at all. `위치있음`: one whose EXIF says where it was taken."""
        made = {"깨진": b"not a picture", "위치있음": with_gps()}
        return made[value] if value in made else photo(self.city_shade())

    def _payload(self, label: str, buttons: Any) -> str:
        for button in buttons:
            if button["label"] == label:
                return str(button["payload"])
        raise AssertionError(self._story(f"‘{label}’ 단추가 나온 적이 없습니다"))

    async def _sweep(self) -> list[OutgoingMessage]:
        house = self.city.house
        before = len(self.city.channel.sent[self.citizen.address])
        sweep = Sweep(
            house.db,
            house.desk,
            house.dialogue,
            house.channels,
            house.texts,
            house.settings,
            house.files,
            self.city.clock,
        )
        await sweep.close_forgotten_forms()
        await house.desk.idle()
        return self.citizen.seen(before)

    async def _staff(self, value: Any) -> list[OutgoingMessage]:
        row = await self._conversation()
        now = self.city.clock.now()
        before = len(self.city.channel.sent[self.citizen.address])
        async with self.city.house.db.transaction() as tx:
            if value == "맡는다":
                await ownership.take_over(tx, row.id, self.staff_id, now)
            elif value == "돌려준다":
                await ownership.hand_back(tx, row.id, self.staff_id, now)
            elif "답한다" in value:
                await queue(tx, self._staff_draft(row, str(value["답한다"])), now)
            else:
                await self._decide(tx, row.id, *next(iter(value.items())))
        await self.city.house.desk.deliver(row.id)
        await self.city.house.desk.idle()
        return self.citizen.seen(before)

    async def _decide(self, tx: AsyncConnection, conversation_id: UUID, what: str, text: str) -> None:
        """What an officer does with this citizen's newest case, and the notice of it."""
        now, officer = self.city.clock.now(), Actor.staff(self.staff_id, "agent")
        newest = select(cases).where(cases.c.conversation_id == conversation_id).order_by(cases.c.received_at.desc())
        row = (await tx.execute(newest.limit(1))).one()
        if what in ("연장한다", "연장을묻는다"):
            act, kind = (extend, "extended") if what == "연장한다" else (ask_consent, "extension_asked")
            case = await act(tx, row.id, officer, now, expected_version=None, reason=text)
        else:
            to = _DECISIONS[what]
            case = await change_status(
                tx,
                row.id,
                to,
                officer,
                now,
                expected_version=None,
                text=text,
                appeal=default_appeal(self.city.house.settings.cases, now, "ko") if to is Status.REFUSED else "",
                transferred_to="한국도로공사 (1588-2504)" if to is Status.TRANSFERRED else "",
            )
            kind = to.value
        await tell(tx, self.city.house.settings.messaging, case, kind, now, text=text, staff_id=self.staff_id)

    def _staff_draft(self, row: Any, text: str) -> Draft:
        timing = schedule(self.city.house.settings.messaging, "reply", self.city.clock.now())
        return Draft(
            city_id=row.city_id,
            conversation_id=row.id,
            channel=row.channel,
            body={"text": text, "buttons": [], "ask": "", "lang": row.lang},
            purpose="reply",
            priority=timing.priority,
            valid_until=timing.valid_until,
            next_attempt_at=timing.next_attempt_at,
            staff_id=self.staff_id,
        )

    # -- what must be true -------------------------------------------------------------------------------------------

    async def _check(self, step: Step) -> None:
        checks = step.checks
        text = "\n".join(message.text for message in self.answers)
        labels = [button.label for message in self.answers for button in message.buttons]
        ours = text.replace(self.said, "") if self.said else text
        self._expect(not _BROKEN.search(ours), "시민이 보아서는 안 되는 글이 있습니다")
        self._expect(all(message.text.strip() for message in self.answers), "빈 말풍선이 있습니다")
        if checks.get("침묵"):
            self._expect(not self.answers, "대답하지 않아야 합니다")
        self._find(checks.get("시", []), text)
        for label in checks.get("단추", []):
            self._expect(label in labels, f"‘{label}’ 단추가 없습니다")
        for fragment in checks.get("없음", []):
            self._expect(not _pattern(fragment).search(text), f"‘{fragment}’ 말이 있으면 안 됩니다")
        if self.dialog.channel:
            self._check_carrier()
        if "문자" in checks:
            kinds = [cp949.kind(message.text) for message in self.answers]
            self._expect(kinds[-1:] == [checks["문자"]], f"문자의 종류가 {kinds}입니다")
        if "말풍선" in checks:
            self._expect(len(self.answers) == checks["말풍선"], f"말풍선이 {len(self.answers)}개입니다")
        if "언어" in checks:
            self._check_language(checks["언어"])
        if "의도" in checks:
            intent = await self._intent()
            self._expect(intent == checks["의도"], f"의도가 {intent}입니다")
        if "상태" in checks:
            await self._check_store(checks["상태"])

    def _check_carrier(self) -> None:
        """Whatever is said by text message can be sent as it is, and asks for nothing to be pressed."""
        for message in self.answers:
            self._expect(not cp949.refused(message.text), f"보낼 수 없는 글자: {cp949.refused(message.text)}")
            self._expect(cp949.kind(message.text) != "too_long", "2,000바이트가 넘습니다")
            self._expect(not message.buttons and "눌러 주세요" not in message.text, "문자에는 단추가 없습니다")

    def _find(self, fragments: Sequence[str], text: str) -> None:
        position = 0
        for fragment in fragments:
            found = _pattern(fragment).search(text, position)
            self._expect(found is not None, f"‘{fragment}’ 말이 (이 차례에) 없습니다")
            position = found.end() if found else position

    def _check_language(self, lang: str) -> None:
        self._expect(all(message.lang == lang for message in self.answers), f"모두 {lang} 말이어야 합니다")
        if lang != "en":
            return
        for message in self.answers:
            for button in message.buttons:
                is_name = button.payload.startswith("pick:")
                self._expect(is_name or not _HANGUL.search(button.label), f"단추 ‘{button.label}’에 한글이 있습니다")

    async def _check_store(self, wanted: dict[str, Any]) -> None:
        seen = await self._store()
        for key, value in wanted.items():
            self._expect(key in seen, f"모르는 상태 {key}")
            is_like = isinstance(value, str) and "*" in value and _pattern(value).search(str(seen[key])) is not None
            self._expect(seen[key] == value or is_like, f"{key}: {seen[key]!r}이고 {value!r}이(가) 아닙니다")

    async def _store(self) -> dict[str, Any]:
        row = await self._conversation()
        async with self.city.house.db.transaction() as tx:
            filed = (
                await tx.execute(select(cases).where(cases.c.conversation_id == row.id).order_by(cases.c.received_at))
            ).all()
            tips = (await tx.execute(select(inquiries).where(inquiries.c.conversation_id == row.id))).all()
            topics = await tx.execute(
                select(subscriptions.c.topic)
                .where(subscriptions.c.conversation_id == row.id, subscriptions.c.ended_at.is_(None))
                .order_by(subscriptions.c.topic)
            )
            kept = await tx.execute(
                select(attachments.c.id).where(
                    attachments.c.conversation_id == row.id, attachments.c.case_id.is_not(None)
                )
            )
            name, phone = await contact_of(tx, vault_of(tx), row.citizen_id) if row.citizen_id else ("", "")
            subscribed, photos = [topic for (topic,) in topics], len(kept.all())
        last: Any = filed[-1] if filed else (tips[-1] if tips else None)
        form = row.state.get("form") or {}
        return {
            "민원": len(filed),
            "제보": len(tips),
            "접수번호": filed[-1].receipt_no if filed else "",
            "민원상태": filed[-1].status if filed else "",
            "별점": filed[-1].rating if filed else None,
            "살펴볼것": bool(filed and filed[-1].review_at),
            "다시연횟수": filed[-1].reopenings if filed else 0,
            "분야": last.category if last else "",
            "장소": last.place if last else "",
            "좌표": bool(last and last.lat is not None),
            "내용": last.body if last else "",
            "시점": filed[-1].occurred if filed else "",
            "사진": photos,
            "이름": name,
            "전화": phone,
            "구독": subscribed,
            "수신거부": row.stopped_at is not None,
            "담당": row.owner,
            "양식": form.get("name", ""),
            "질문": form.get("asking", ""),
            "언어": row.lang,
        }

    async def _conversation(self) -> Any:
        is_phone = self.city.channel.capabilities.has_phone_address
        address = addresses.key(self.city.house.vault, self.citizen.address, is_phone=is_phone)
        async with self.city.house.db.transaction() as tx:
            return (await tx.execute(select(conversations).where(conversations.c.address == address))).one()

    async def _intent(self) -> str | None:
        row = await self._conversation()
        async with self.city.house.db.transaction() as tx:
            query = select(inbound.c.intent).where(inbound.c.conversation_id == row.id).order_by(inbound.c.seq.desc())
            return (await tx.execute(query.limit(1))).scalar()

    # -- what is shown when it fails ---------------------------------------------------------------------------------

    def _note(self) -> None:
        for message in self.answers:
            text = "(소개)" if "365일 동안" in message.text or "365 days" in message.text else message.text[:1500]
            self.talk.append("  시: " + text.replace("\n", "\n      "))
            if message.buttons:
                self.talk.append("      [" + "] [".join(button.label for button in message.buttons) + "]")
            self.shown += [{"label": button.label, "payload": button.payload} for button in message.buttons]

    def _expect(self, is_true: bool, wrong: str) -> None:
        if not is_true:
            raise AssertionError(self._story(wrong))

    def _story(self, wrong: str) -> str:
        return f"{self.dialog.file}: {self.dialog.title}: {wrong}\n" + "\n".join(self.talk[-24:])


def _pattern(fragment: str) -> re.Pattern[str]:
    """The fragment as it stands; `*` is anything in between."""
    return re.compile(".*?".join(map(re.escape, fragment.split("*"))), re.DOTALL)
