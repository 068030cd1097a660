"""An S3-compatible bucket (AWS, MinIO, NCP, KT Cloud …) as the file store, through the Rust object_store client."""

import asyncio
import re
from collections.abc import Iterable
from datetime import timedelta

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from core.contracts.files import FileStore
from core.errors import ConfigError, NotFound, Unavailable
from core.settings import FileStore as Settings

_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([\w./-]*))?")
_PATIENCE_S = 20.0


class S3Files:
    """Keys are `<prefix>/ab/cd/<sha256>`, as on the disk."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    async def put(self, sha256: str, data: bytes) -> None:
        try:
            await asyncio.wait_for(obstore.put_async(self._store, _key(sha256), data), _PATIENCE_S)
        except (BaseError, OSError, TimeoutError) as error:
            raise _away(error) from None

    async def get(self, sha256: str) -> bytes:
        try:
            found = await asyncio.wait_for(obstore.get_async(self._store, _key(sha256)), _PATIENCE_S)
            return bytes(await asyncio.wait_for(found.bytes_async(), _PATIENCE_S))
        except (NotFoundError, FileNotFoundError):
            raise NotFound("파일을 찾을 수 없습니다.", "No such file.") from None
        except (BaseError, OSError, TimeoutError) as error:
            raise _away(error) from None

    async def delete(self, names: Iterable[str]) -> None:
        try:
            for name in names:
                await asyncio.wait_for(obstore.delete_async(self._store, _key(name)), _PATIENCE_S)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError, TimeoutError) as error:
            raise _away(error) from None

    async def aclose(self) -> None:
        return None


def build(settings: Settings) -> FileStore:
    """From the section `files`. Raises ConfigError for an address that names no bucket."""
    found = _URL.fullmatch(settings.url)
    if found is None:
        raise ConfigError(
            "config.yml의 'files.url'은 s3://버킷/앞머리 꼴이어야 합니다.",
            "config.yml: files.url: expected s3://bucket/prefix",
        )
    given = {
        "endpoint": settings.endpoint,
        "region": settings.region or "us-east-1",
        "access_key_id": settings.access_key,
        "secret_access_key": settings.secret_key,
    }
    store = S3Store(
        found[1],
        prefix=found[2] or None,
        config={name: value for name, value in given.items() if value},  # type: ignore[arg-type]
        client_options={"allow_http": settings.endpoint.startswith("http://"), "timeout": timedelta(seconds=15)},
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=15)},
    )
    return S3Files(store)


def _key(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _away(error: BaseException) -> Unavailable:
    return Unavailable(
        "파일 저장소에 연결할 수 없습니다. 잠시 뒤 다시 해 주세요.",
        "The file store cannot be reached.",
        cause=type(error).__name__,
    )
