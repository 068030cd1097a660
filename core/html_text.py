"""HTML that other people wrote as plain text: for what is shown, stored and understood as words and never as markup."""

import re
from html.parser import HTMLParser

_SILENT = frozenset({"script", "style", "template"})


class _Reader(HTMLParser):
    """Keeps a stack of elements whose own text is not shown (a mention, a link's shortened face, a script)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        sorts = given.get("class", "").split()
        if tag == "br":
            self.parts.append("\n")
        elif tag in _SILENT or "quote-inline" in sorts:
            self._silent.append(tag)
        elif tag in ("p", "li", "blockquote"):
            self.parts.append("\n" if tag == "li" else "\n\n")
        elif tag == "a" and "hashtag" not in sorts:
            self._link(given.get("href", ""), is_mention="mention" in sorts)

    def _link(self, href: str, *, is_mention: bool) -> None:
        """A link's face may be shortened, so its address is what was written; a mention's is nobody's word."""
        if is_mention or href.startswith(("http://", "https://")):
            self._silent.append("a")
            if not self._silent[:-1] and not is_mention:
                self.parts.append(href)

    def handle_endtag(self, tag: str) -> None:
        if self._silent and self._silent[-1] == tag:
            self._silent.pop()

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)


def plain(html: str) -> str:
    """The words: paragraphs and breaks as lines, whole addresses of links, without mentions (class "mention").

    Classes are Mastodon's (h-card mentions, hashtags kept, `quote-inline` left out). Never raises on broken HTML.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (re.sub(r"[^\S\n]+", " ", line).strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
