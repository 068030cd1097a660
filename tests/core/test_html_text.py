"""HTML of others as words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.html_text import plain

MENTION = '<span class="h-card"><a href="https://a.example/@b" class="u-url mention">@<span>b</span></a></span>'
SHORTENED = (
    '<a href="https://www.gimpo.go.kr/portal/main.do?x=1&amp;y=2" rel="nofollow"><span class="invisible">https://www.'
    '</span><span class="ellipsis">gimpo.go.kr/portal/mai</span><span class="invisible">n.do</span></a>'
)
BITS = ["<p>", "</p>", "<a", "</a>", "class='mention'", ">", "<br", "<!--", "]]>", "&#", "x"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f"<p>{MENTION} 안녕하세요</p>", "안녕하세요"),
        (f"<p>{MENTION} {MENTION}</p>", ""),
        ("<p>하나<br>둘<br />셋</p><p>넷</p>", "하나\n둘\n셋\n\n넷"),
        (f"<p>보세요 {SHORTENED} 여기</p>", "보세요 https://www.gimpo.go.kr/portal/main.do?x=1&y=2 여기"),
        ('<p><a href="https://a/tags/x" class="mention hashtag">#<span>구래동</span></a> 고장</p>', "#구래동 고장"),
        ("1 &lt; 2 &amp;&amp; &quot;x&quot; &#9731;", '1 < 2 && "x" ☃'),
        ("<p>앞<script>alert(1)</script>뒤<style>p{}</style></p>", "앞뒤"),
        ('<p class="quote-inline">RE: <a href="https://a/1">https://a/1</a></p><p>본문</p>', "본문"),
        ("<ul><li>가</li><li>나</li></ul>", "가\n나"),
        ("<p>닫지 <b>않은 <a href='https://a/'>글", "닫지 않은 https://a/"),
        ('<a href="javascript:alert(1)">누르세요</a>', "누르세요"),
        ("a   b\t c\u00a0d", "a b c d"),
        ("", ""),
    ],
)
def test_it_reads_what_was_written(html: str, text: str) -> None:
    assert plain(html) == text


@given(st.text(max_size=300) | st.lists(st.sampled_from(BITS)).map(" ".join))
def test_no_broken_html_breaks_it(html: str) -> None:
    assert plain(html) == plain(html).strip()
