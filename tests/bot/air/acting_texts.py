"""The texts that a matter is told in, alone: tests of matters need no other service to be whole."""

from bot.replies import Texts, find_sources


def acting_texts() -> Texts:
    sources = {
        lang: [path for path in paths if path.parent.name in ("bot", "air_acting")]
        for lang, paths in find_sources().items()
    }
    return Texts(sources, {lang: {"city": "가람시", "city_phone": "031-000-0000"} for lang in ("ko", "en")})
