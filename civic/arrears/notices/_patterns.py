"""How a placeholder and a web address look in words."""

import re

PLACEHOLDER = re.compile(r"#\{([^{}]*)\}")
LINK = re.compile(
    r"(?i)https?:|www\.|[a-z0-9-]+\s*\.\s*(?:com|net|org|kr|io|me|ly|gl|co|info|xyz|link|app|site|page|to|gg|la|so|cc|shop|top)\b"
    r"|[a-z0-9-]{2,}\.[a-z]{2,}|[가-힣a-z0-9-]+\.한국|\b(?:bit|han|me2|vo|url|tinyurl|goo|t)\s*\.\s*(?:ly|gl|kr|do|la|co)"
    r"|hxxp|(?:단축\s*)?(?:url|링크)"
)
"""A scheme, a host, a shortener, or the word itself: written with blanks between, too."""
RESIDENT = re.compile(r"\d{6}\s*-\s*\d{7}")
