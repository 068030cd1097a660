"""The fixture itself: a specification under Prism answers what it allows and refuses what it does not."""

import httpx
import pytest

from tests.counterparts.conftest import Prism

pytestmark = pytest.mark.counterpart


async def test_it_answers_what_the_specification_allows_and_refuses_what_it_does_not(prism: Prism) -> None:
    url = await prism("line_messaging-api.yml")
    assert await prism("line_messaging-api.yml") == url
    good = {"to": "U1", "messages": [{"type": "text", "text": "안녕하세요"}]}
    async with httpx.AsyncClient(base_url=url, trust_env=False, headers={"authorization": "Bearer x"}) as http:
        assert (await http.post("/v2/bot/message/push", json=good)).status_code == 200
        assert (await http.post("/v2/bot/message/push", json={"to": "U1"})).status_code >= 400
        assert (await http.post("/no/such/thing", json=good)).status_code == 404


async def test_a_missing_specification_is_named(prism: Prism) -> None:
    with pytest.raises(AssertionError, match="no_such_spec is not there"):
        await prism("no_such_spec")
