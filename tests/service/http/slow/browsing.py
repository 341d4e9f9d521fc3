"""What the tests of the playground do in Chromium, and what they measure there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page, async_playwright

from tests import browser
from tests.service.conftest import Shop

WAIT_S = 20
PHONE, DESKTOP = (390, 844), (1280, 800)

NEW_PRODUCT = "mutation New($input: CreateProductInput!) { createProduct(input: $input) { %s } }"
EDITOR = "document.querySelector('%s .CodeMirror').CodeMirror"
QUERY, VARIABLES = EDITOR % ".graphiql-query-editor", EDITOR % ".graphiql-editor-tool"


async def until(page: Page, predicate: str, argument: Any = None) -> None:
    """Wait until the page says so; Playwright's own way needs eval, which the page forbids."""
    async with asyncio.timeout(WAIT_S):
        while not await page.evaluate(predicate, argument):
            await asyncio.sleep(0.05)


@asynccontextmanager
async def browsing(size: tuple[int, int] = DESKTOP, scheme: Any = "light") -> AsyncIterator[Page]:
    """A tab of a headless Chromium that was never used before; errors of the page are errors."""
    path = browser.executable()
    assert path is not None, "There is no Chromium; run: python -m tests.browser"
    complaints: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=path, args=list(browser.ARGUMENTS)
        )
        page = await chromium.new_page(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        await chromium.close()
    assert complaints == []


async def opened(page: Page, shop: Shop) -> None:
    """Go to the playground and wait until it has the schema."""
    await page.goto(str(shop.http.make_url("/graphql")))
    await page.get_by_role("tab").filter(has_text="Jobs").wait_for(state="attached")
    await until(page, f"() => {VARIABLES}.options.lint.variableToType !== undefined")


async def edited(page: Page, query: str, variables: str, *names: str) -> None:
    """Put texts into the editors and wait until GraphiQL knows the variables."""
    await page.evaluate(f"text => {QUERY}.setValue(text)", query)
    known = f"names => names.every(name => name in ({VARIABLES}.options.lint.variableToType ?? []))"
    await until(page, known, list(names))
    await page.evaluate(f"text => {VARIABLES}.setValue(text)", variables)


# Where the signs of the line that contains a text stand, from left to right; and which of them
# a click in their middle would miss by more than one place.
VISUAL_ORDER = """([pane, text]) => {
  const editor = document.querySelector(pane + ' .CodeMirror, ' + pane + '.CodeMirror').CodeMirror;
  const lines = [...editor.getWrapperElement().querySelectorAll('.CodeMirror-line')];
  const line = lines.find(line => line.textContent.includes(text));
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  const signs = [];
  for (let node; (node = walker.nextNode());)
    for (let i = 0; i < node.length; i++) {
      const range = document.createRange();
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const { left, top, width, height } = range.getBoundingClientRect();
      signs.push({ sign: node.data[i], width, x: left + width / 2, y: top + height / 2 });
    }
  const missed = signs.filter(({ x, y, width }, i) =>
    width && Math.abs(editor.coordsChar({ left: x, top: y }, 'window').ch - i) > 1);
  const shown = signs.filter(({ width }) => width).sort((a, b) => a.x - b.x);
  return [shown.map(({ sign }) => sign).join('').trim(), missed.map(({ sign }) => sign)];
}"""

# The texts in sight whose colour is closer to what is behind them than WCAG 2.2, AA, allows.
PALE = """() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const over = (colours) => {
    colours.forEach(colour => { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); });
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map(part => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pale = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    const behind = [];
    for (let up = element; up; up = up.parentElement)
      behind.unshift(getComputedStyle(up).backgroundColor);
    const [dark, light] = [over(behind), over([...behind, getComputedStyle(element).color])].sort(
      (a, b) => a - b);
    const ratio = (light + 0.05) / (dark + 0.05);
    if (ratio < 4.5) pale.add(`${element.className}: ${node.data.trim()} ${ratio.toFixed(2)}`);
  }
  return [...pale];
}"""
