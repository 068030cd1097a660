"""All that the bot can say, in Korean and English: templates found beside the services, rendered without markup."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

from core.errors import ConfigError
from core.korean import josa, krw, meters
from core.loading import ROOT

LANGS = ("ko", "en")
_environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)
_environment.filters.update(josa=josa, krw=krw, meters=meters)


class Texts:
    """Templates by key and language. Both languages have the same keys, or loading fails."""

    def __init__(self, sources: Mapping[str, Iterable[Path]], constants: Mapping[str, Mapping[str, Any]]) -> None:
        """`sources`: files by language; `constants`: by language, values every template may use (city, phone, …)."""
        self._both = constants
        self._fixed: dict[str, dict[str, str]] = {lang: {} for lang in LANGS}
        self._templates = {lang: self._read(files, lang) for lang, files in sources.items()}
        first, second = (set(self._templates[lang]) for lang in LANGS)
        if missing := sorted(first ^ second):
            raise ConfigError(
                f"답변 문구가 한 언어에만 있습니다: {', '.join(missing[:5])}",
                f"Reply texts exist in one language only: {', '.join(missing[:5])}",
            )

    def _read(self, files: Iterable[Path], lang: str) -> dict[str, Template]:
        found: dict[str, Template] = {}
        for file in files:
            for key, text in (yaml.load(file.read_text("utf-8"), yaml.CSafeLoader) or {}).items():
                name = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
                if key in found:
                    raise ConfigError(f"{name}: '{key}' 문구가 두 번 있습니다", f"{name}: {key} is defined twice")
                try:
                    found[key], wanted = _compiled(str(text).strip())
                except TemplateSyntaxError as error:
                    raise ConfigError(
                        f"{name}: '{key}' 문구의 틀이 잘못되었습니다 ({error.message})",
                        f"{name}: {key}: {error.message}",
                    ) from None
                # Most texts and all labels depend on nothing said in the turn: they are rendered once, here.
                if wanted <= {*self._both[lang], "lang"}:
                    self._fixed[lang][key] = _tidy(found[key].render(self._both[lang], lang=lang))
        return found

    def has(self, key: str) -> bool:
        return key in self._templates["ko"]

    def keys(self) -> list[str]:
        return sorted(self._templates["ko"])

    def render(self, key: str, lang: str, values: Mapping[str, Any]) -> str:
        """The text in the citizen's language, plain, with no line left empty twice."""
        lang = lang if lang in LANGS else "ko"
        if (fixed := self._fixed[lang].get(key)) is not None:
            return fixed
        return _tidy(self._templates[lang][key].render({**self._both[lang], **values}, lang=lang))


@cache
def _compiled(text: str) -> tuple[Template, frozenset[str]]:
    """The template, and what it must be given. A process may open several houses of the same words."""
    parsed = _environment.parse(text)
    wanted = frozenset(meta.find_undeclared_variables(parsed))
    return _environment.from_string(parsed), wanted


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.strip().split("\n")]
    return "\n".join(line for index, line in enumerate(lines) if line or (index and lines[index - 1]))


def find_sources() -> dict[str, list[Path]]:
    """The bot's own texts and those beside each service."""
    return {
        lang: [*sorted((ROOT / "bot").glob(f"*.{lang}.yml")), *sorted((ROOT / "actions").glob(f"*/*.{lang}.yml"))]
        for lang in LANGS
    }
