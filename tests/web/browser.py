"""Debian's chromium for the browser tests: found, started once, watched for errors and foreign requests."""

import os
import shutil
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, expect

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str:
    """Its path; without one the test is skipped, or fails where everything is required."""
    for name in ("chromium", "chromium-browser"):
        if found := shutil.which(name):
            return found
    reason = "chromium이 없어 브라우저 시험을 건너뜁니다 (no chromium on PATH: apt-get install chromium fonts-noto-cjk)"
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@dataclass
class Chat:
    """The chat page as a person meets it."""

    page: Page
    base: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    async def open(self, path: str = "/") -> None:
        await self.page.goto(self.base + path)
        await expect(self.page.locator("#log")).to_have_attribute("aria-busy", "false", timeout=15_000)

    def watch(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("dialog", lambda dialog: self.errors.append(f"dialog: {dialog.message}"))
        self.page.on("console", lambda line: self._line(line.text))
        self.page.on("request", lambda request: self._asked(request.url))

    def _line(self, text: str) -> None:
        if "Content Security Policy" in text or "Uncaught" in text:
            self.errors.append(text)

    def _asked(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and not url.startswith(self.base):
            self.foreign.append(url)

    @property
    def box(self) -> Locator:
        return self.page.locator("#text")

    def bubbles(self, side: str = "said") -> Locator:
        return self.page.locator(f"li.{side} .text")

    async def write(self, text: str) -> None:
        await self.box.fill(text)
        await self.box.press("Enter")

    async def texts(self) -> list[str]:
        return await self.bubbles().all_text_contents()

    async def expect(self, *texts: str) -> None:
        """Exactly these bubbles, in this order, each confirmed."""
        await expect(self.bubbles()).to_have_text(list(texts), use_inner_text=False, timeout=30_000)
        await expect(self.page.locator("li.pending")).to_have_count(0, timeout=30_000)
        assert await self.texts() == list(texts)
