"""The bucket, against a real S3 server on loopback: the same promises as the disk."""

import hashlib
from collections.abc import Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from core.contracts.files import FileStore
from core.errors import ConfigError, NotFound, Unavailable
from core.settings import FileStore as Settings
from integrations.files.s3 import build

KEY, WORD = "key-of-the-tests", "word-of-the-tests"
DATA = b"%PDF-1.7 " + bytes(range(256)) * 5000
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=url,
        region_name="ap-northeast-2",
        aws_access_key_id=KEY,
        aws_secret_access_key=WORD,
    )
    client.create_bucket(Bucket="sinmungo", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    yield url
    server.stop()


def bucket(endpoint: str, url: str = "s3://sinmungo/gimpo") -> FileStore:
    return build(Settings(url=url, endpoint=endpoint, region="ap-northeast-2", access_key=KEY, secret_key=WORD))


async def test_a_file_comes_back_as_it_went(endpoint: str) -> None:
    store = bucket(endpoint)
    await store.put(NAME, DATA)
    await store.put(NAME, DATA)
    assert await store.get(NAME) == DATA
    await store.aclose()


async def test_a_file_that_is_not_there_is_said_so_and_deleting_it_is_no_error(endpoint: str) -> None:
    store = bucket(endpoint)
    other = hashlib.sha256(b"other").hexdigest()
    await store.put(other, b"other")
    await store.delete(["f" * 64, other])
    with pytest.raises(NotFound):
        await store.get(other)


async def test_another_prefix_sees_nothing(endpoint: str) -> None:
    await bucket(endpoint).put(NAME, DATA)
    with pytest.raises(NotFound):
        await bucket(endpoint, "s3://sinmungo/paju").get(NAME)


async def test_a_store_that_is_away_or_unknown_is_unavailable(endpoint: str) -> None:
    with pytest.raises(Unavailable):
        await bucket("http://127.0.0.1:9").put(NAME, DATA)
    with pytest.raises(Unavailable):
        await bucket(endpoint, "s3://no-such-bucket").put(NAME, DATA)


@pytest.mark.parametrize("url", ["s3://", "https://bucket", "s3://UPPER/x", "bucket"])
def test_an_address_without_a_bucket_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"files\.url"):
        build(Settings(url=url))
