"""Chromium for the tests of the player: a page asks for nothing, and its console is silent."""

import shutil

import pytest

FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("needs Debian's chromium")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, tmp_path):
    """Open a text as a file; at the end the page asked for nothing and the console is silent."""
    contexts, said, asked = [], [], []

    def open_(text, **options):
        options = {
            "reduced_motion": "reduce",
            "viewport": {"width": 1280, "height": 800},
            **options,
        }
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        file = tmp_path / f"{len(contexts)}.html"
        file.write_text(text, encoding="utf-8")
        page.on(
            "request", lambda request: request.url != file.as_uri() and asked.append(request.url)
        )
        page.goto(file.as_uri())
        return page

    yield open_
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith(("data:", "about:"))] == []
