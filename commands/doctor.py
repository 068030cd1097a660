"""`doctor`: what is configured, what is missing, what answers, in words an operator can act on."""

import asyncio
import os
import re
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import psycopg
from alembic.script import ScriptDirectory
from rich.table import Table

from commands.house import console, running_store
from core import loading, store
from core.errors import SinmungoError
from core.settings import Settings, channel_settings, read, section_settings

MIN_FREE_GB = 2.0
_MARKS = {"ok": "[green]✓[/green]", "note": "[yellow]![/yellow]", "bad": "[red]✗[/red]"}


@dataclass(frozen=True, slots=True)
class Finding:
    state: Literal["ok", "note", "bad"]
    what: str
    told: str


def doctor() -> int:
    """Print the findings; 2 when config.yml cannot be used, 1 when something else stops the service, else 0."""
    try:
        settings = read()
    except SinmungoError as error:
        _print([Finding("bad", "설정", error.reason_ko)])
        return 2
    found = [_python(), Finding("ok", "설정", f"config.yml 읽음: {settings.city.name.ko}({settings.city.id})")]
    found += [_safely("저장 공간", lambda: _disk(settings)), _safely("비밀 키", lambda: _secret(settings))]
    found += _store(settings)
    found += [_safely("언어 모델", lambda: _model(settings))]
    if settings.nlu.engine != "light":
        found.append(_safely("언어 서버", lambda: _language_server(settings)))
    found += [_assets(), _port(settings), _linking(settings)]
    found += [
        _channel(settings, name) for name in sorted({*loading.files("integrations.channels"), *settings.channels})
    ]
    _print(found)
    return 1 if any(one.state == "bad" for one in found) else 0


def _linking(settings: Settings) -> Finding:
    """Without a text channel that runs, citizens cannot prove their numbers."""
    name = settings.messaging.sms_channel
    if not name:
        return Finding("ok", "채널 연결", "쓰지 않음 (messaging.sms_channel이 비어 있음)")
    if settings.channels.get(name, {}).get("enabled") is not True:
        return Finding("bad", "채널 연결", f"messaging.sms_channel의 {name} 채널이 꺼져 있어 확인 번호를 보낼 수 없음")
    return Finding("ok", "채널 연결", f"확인 번호를 {name} 채널로 보냄")


def _print(found: list[Finding]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 1))
    for one in found:
        table.add_row(_MARKS[one.state], one.what, one.told)
    console.print(table)
    bad = sum(one.state == "bad" for one in found)
    console.print("문제가 없습니다." if not bad else f"고쳐야 할 것이 {bad}가지 있습니다.")


def _safely(what: str, check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except SinmungoError as error:
        return Finding("bad", what, error.reason_ko)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("ok" if sys.version_info >= (3, 11) else "bad", "Python", f"{version} (3.11 이상 필요)")


def _disk(settings: Settings) -> Finding:
    var = settings.path(settings.var)
    var.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(var).free / 1e9
    return Finding("ok" if free > MIN_FREE_GB else "bad", "저장 공간", f"{var.name}/ 아래에 {free:.0f} GB 남음")


def _secret(settings: Settings) -> Finding:
    from core import secret

    where = "SINMUNGO_SECRET" if os.environ.get("SINMUNGO_SECRET") else "var/secret.key"
    secret.load(settings.path(settings.var))
    return Finding("ok", "비밀 키", f"{where}에서 읽음. 여러 대로 나눌 때는 모두 같은 값을 써야 합니다")


def _store(settings: Settings) -> list[Finding]:
    kind = "서버(DATABASE_URL)" if settings.database.url else "내장 PostgreSQL"
    try:
        with running_store() as (_, url), psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10000
            found = [Finding("ok", "데이터베이스", f"{kind}, 버전 {version}, 연결됨")]
            found.append(_schema(connection, url))
            found += _down(connection, settings)
    except (SinmungoError, psycopg.Error, OSError) as error:
        return [Finding("bad", "데이터베이스", f"{kind}에 연결할 수 없습니다: {type(error).__name__}")]
    if not settings.database.url:
        told = "시험과 소규모 운영용입니다. 실제 도시는 PostgreSQL 서버를 DATABASE_URL로 지정하시길 권합니다"
        found.append(Finding("note", "데이터베이스", told))
    return found


def _schema(connection: psycopg.Connection[tuple[object, ...]], url: str) -> Finding:
    head = ScriptDirectory.from_config(store.alembic_config(url)).get_current_head()
    exists = connection.execute("SELECT to_regclass('alembic_version')").fetchone()
    if exists is None or exists[0] is None:
        return Finding("note", "스키마", "아직 만들지 않았습니다. './sinmungo serve'가 처음 켤 때 만듭니다")
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    now = row[0] if row else None
    told = f"{now}" if now == head else f"{now}: 최신은 {head}. 다시 켜면 자동으로 올립니다"
    return Finding("ok" if now == head else "note", "스키마", told)


def _down(connection: psycopg.Connection[tuple[object, ...]], settings: Settings) -> list[Finding]:
    """Channels whose provider fails right now, as the running house has noted it."""
    exists = connection.execute("SELECT to_regclass('channel_incidents')").fetchone()
    if exists is None or exists[0] is None:
        return []
    rows = connection.execute(
        """SELECT channel, began_at, reason FROM channel_incidents
           WHERE city_id = %s AND ended_at IS NULL ORDER BY channel""",
        (settings.city.id,),
    ).fetchall()
    return [
        Finding("note", f"채널 {name}", f"{began:%Y-%m-%d %H:%M}부터 멈춤: {reason}") for name, began, reason in rows
    ]


def _model(settings: Settings) -> Finding:
    from bot.prepare import model_folder
    from nlu.training import needs_training

    if needs_training(settings.path(settings.nlu.data), model_folder(settings)):
        return Finding("note", "언어 모델", "학습이 필요합니다. 켤 때 자동으로 하거나 './sinmungo train'을 쓰세요")
    return Finding("ok", "언어 모델", "학습 자료와 맞는 모델이 있습니다")


def _language_server(settings: Settings) -> Finding:
    """The server that `nlu.engine` names: asked, not only looked up."""
    name = settings.nlu.engine
    module = loading.file("integrations.language", name)
    section = section_settings(module.Settings, ("nlu", name), getattr(settings.nlu, name))
    return Finding("ok", "언어 서버", asyncio.run(module.probe(section)))


def _assets() -> Finding:
    has_some = (loading.ROOT / "web/static/vendor").is_dir()
    told = "글꼴과 디자인 자료가 있습니다" if has_some else "아직 없습니다. 켤 때 준비하며, 없어도 기본 글꼴로 보입니다"
    return Finding("ok" if has_some else "note", "화면 자료", told)


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        is_taken = probe.connect_ex((settings.web.host, settings.web.port)) == 0
    state = "이미 쓰는 중(신문고가 켜져 있거나 다른 프로그램)" if is_taken else "쓸 수 있음"
    told = f"{settings.web.host}:{settings.web.port} {state}"
    return Finding("note" if is_taken else "ok", "포트", told)


def _channel(settings: Settings, name: str) -> Finding:
    what = f"채널 {name}"
    section = settings.channels.get(name)
    if name not in loading.files("integrations.channels"):
        return Finding("bad", what, "그런 채널이 없습니다. config.yml의 channels를 확인해 주세요")
    if section is None or section.get("enabled") is not True:
        missing = _unset(section or {})
        told = "꺼져 있음" + (f" (켜려면 환경 변수가 필요합니다: {', '.join(missing)})" if missing else "")
        return Finding("note", what, told)
    module = loading.file("integrations.channels", name)
    try:
        channel_settings(module.Settings, name, section)
    except SinmungoError as error:
        return Finding("bad", what, error.reason_ko)
    if (host := getattr(module, "API_HOST", "")) and not asyncio.run(_reaches(host)):
        return Finding("bad", what, f"설정은 맞지만 {host}에 연결할 수 없습니다")
    public = urlsplit(settings.web.public_url).scheme == "https" or name == "web"
    told = "켜짐" if public else "켜짐. 웹훅을 받으려면 web.public_url이 https 주소여야 합니다"
    return Finding("ok" if public else "note", what, told)


def _unset(section: dict[str, object]) -> list[str]:
    names = re.findall(r"\$\{([A-Z0-9_]+)\}", " ".join(map(str, section.values())))
    return [name for name in names if not os.environ.get(name)]


async def _reaches(host: str) -> bool:
    try:
        async with asyncio.timeout(3):
            _, writer = await asyncio.open_connection(host, 443)
            writer.close()
            return True
    except (OSError, TimeoutError):
        return False
