"""The playground as a person sees it: on a phone and a desktop, by day and by night."""

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import FloatRect, Locator, Page

from service.app import build_app
from tests.service.conftest import ClientFactory, Shop, settings_for
from tests.service.http.slow.browsing import (
    DESKTOP,
    NEW_PRODUCT,
    PALE,
    PHONE,
    VARIABLES,
    VISUAL_ORDER,
    browsing,
    edited,
    opened,
)

FADE_PX = 24
NAME = "چای لاهیجان (۱۰۰ گرم)!"
DESCRIPTION = "iPhone ۱۴: نو."
INPUT = {
    "sku": "FA-1",
    "name": NAME,
    "description": DESCRIPTION,
    "price": {"amount": "1.00", "currency": "EUR"},
}
CREATE = NEW_PRODUCT % "product { name description reviews { pageInfo { endCursor } } }"


in_both_sizes = pytest.mark.parametrize(
    "page", [(PHONE, "light"), (DESKTOP, "light")], indirect=True, ids=str
)


@pytest.fixture
async def open_shop(sqlite_url: str, aiohttp_client: ClientFactory) -> Shop:
    """A new installation."""
    return Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})


@pytest.fixture(params=itertools.product((PHONE, DESKTOP), ("light", "dark")), ids=str)
async def page(request: pytest.FixtureRequest, open_shop: Shop) -> AsyncIterator[Page]:
    """The playground with a Persian result."""
    async with browsing(*request.param) as page:
        await opened(page, open_shop)
        await edited(page, CREATE, json.dumps({"input": INPUT}, ensure_ascii=False), "input")
        await page.get_by_role("button", name="Execute query").click()
        await page.locator(".result-window").get_by_text(NAME).wait_for()
        yield page


async def test_the_result_and_every_button_are_in_sight_and_nothing_overflows(page: Page) -> None:
    assert page.viewport_size is not None
    width, height = page.viewport_size["width"], page.viewport_size["height"]

    assert await _is_on_top(page.locator(".result-window").get_by_text(NAME))
    result = await _box(page.locator(".result-window"))
    editor = await _box(page.locator(".graphiql-query-editor"))
    assert result["width"] > min(width, 760) * 0.75
    assert result["height"] > height * 0.4
    assert editor["height"] > height * 0.25
    buttons = page.locator(".graphiql-sidebar button, .graphiql-toolbar button")
    assert await buttons.count() == 10
    for button in await buttons.all():
        box = await _box(button)
        assert min(box["x"], box["y"]) >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= height
        assert await _is_on_top(button)
    assert await page.evaluate("document.scrollingElement.scrollWidth") == width


@pytest.mark.parametrize("page", [(PHONE, "light"), ((860, 800), "light")], indirect=True, ids=str)
async def test_no_tab_is_under_the_logo_and_the_last_one_can_be_reached(page: Page) -> None:
    logo = await _box(page.get_by_role("heading", name="Kooch shop"))
    tabs = page.get_by_role("tab").get_by_role("button").and_(page.locator("[aria-controls]"))

    await tabs.last.focus()
    await page.keyboard.press("Enter")
    active = page.locator(".graphiql-tab-active")
    await active.filter(has_text="Jobs").wait_for()

    strip, last = await _box(page.get_by_role("tablist")), await _box(active)
    beside = strip["x"] + strip["width"] <= logo["x"]
    above = logo["y"] + logo["height"] <= strip["y"]
    assert beside or above
    assert last["x"] + last["width"] <= strip["x"] + strip["width"] - FADE_PX
    assert await _is_on_top(tabs.last)
    await page.get_by_role("button", name="Add tab").focus()
    assert await _is_on_top(page.get_by_role("button", name="Add tab"))


@pytest.mark.parametrize("page", [(PHONE, "light"), (PHONE, "dark")], indirect=True, ids=str)
async def test_the_settings_fit_and_their_theme_wins_over_the_systems(page: Page) -> None:
    await page.get_by_role("button", name="Open settings dialog").click()
    dialog = await _box(page.get_by_role("dialog"))
    for theme in ("Light", "Dark"):
        button = page.get_by_role("button", name=theme, exact=True)
        box = await _box(button)
        assert box["x"] + box["width"] < dialog["x"] + dialog["width"]
        assert await _is_on_top(button)

        await button.click()

        scheme = await page.evaluate("getComputedStyle(document.documentElement).colorScheme")
        assert scheme == theme.lower()
        assert await page.evaluate(PALE) == []


async def test_every_text_stands_out_and_the_documentation_opens_and_closes(page: Page) -> None:
    before = await page.evaluate(PALE)

    await page.get_by_role("button", name="Show Documentation Explorer").click()
    title = page.get_by_text("Docs", exact=True)
    await title.wait_for()
    is_shown, pale = await _is_on_top(title), await page.evaluate(PALE)
    await page.get_by_role("button", name="Hide Documentation Explorer").click()
    await title.wait_for(state="detached")

    assert (before, pale, is_shown) == ([], [], True)
    assert await _is_on_top(page.locator(".result-window").get_by_text(NAME))


@in_both_sizes
async def test_each_string_reads_in_its_own_direction_and_json_in_its(page: Page) -> None:
    async def order(pane: str, text: str) -> Any:
        return await page.evaluate(VISUAL_ORDER, [pane, text])

    if await page.get_by_role("button", name="Show editor tools").count():
        await page.get_by_role("button", name="Show editor tools").click()
    await page.evaluate(f'{VARIABLES}.setValue(\'{{"a": ["چای", "قهوه!", "tea"]}}\')')

    # What is written from the right stands from the left in the reverse order.
    from_right = "".join(reversed(f'"{NAME}"')).replace("۰۰۱", "۱۰۰")
    assert await order(".result-window", NAME) == [f'"name": {from_right},', []]
    assert await order(".result-window", "iPhone") == ['"description": "iPhone ۱۴: ون.",', []]
    assert await order(".graphiql-editor-tool", "چای") == [
        '{"a": ["یاچ", "!هوهق", "tea"]}', []
    ]  # fmt: skip


async def test_the_cursor_walks_through_a_persian_line_without_a_jump(open_shop: Shop) -> None:
    async with browsing() as page:
        await opened(page, open_shop)
        line = '{"a": ["چای (نو)!", "قهوه", "tea"]}'
        await page.evaluate(f"text => {{ {VARIABLES}.setValue(text); {VARIABLES}.focus() }}", line)
        places = []
        for _ in line:
            places.append(await page.evaluate(f"{VARIABLES}.cursorCoords(true).left"))
            await page.keyboard.press("ArrowRight")

    assert all(before < after for before, after in itertools.pairwise(places))


@in_both_sizes
async def test_the_keyboard_reaches_what_is_in_sight_and_leaves_the_editors(page: Page) -> None:
    await page.get_by_role("textbox", name="Query; press Escape, then Tab, to leave").focus()
    visited: list[str] = []
    while "Result" not in visited:
        await page.keyboard.press("Escape")
        await page.keyboard.press("Tab")
        name, is_in_sight = await page.evaluate(FOCUSED)
        assert is_in_sight, name
        visited.append(name.partition(";")[0])
        assert len(visited) < 20

    is_phone = page.viewport_size == {"width": PHONE[0], "height": PHONE[1]}
    assert visited[0].startswith("Execute query")
    assert [name for name in visited if name in {"Variables", "Headers", "Result"}] == (
        ["Variables", "Headers", "Result"]
        if is_phone
        else ["Variables", "Headers", "Variables", "Result"]
    )


FOCUSED = """() => {
  const element = document.activeElement;
  const box = (element.closest('.CodeMirror') ?? element).getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  const hit = document.elementFromPoint(x, y);
  return [element.ariaLabel ?? element.textContent, hit !== null &&
          (element.closest('.CodeMirror') ?? element).contains(hit)];
}"""


async def _box(locator: Locator) -> FloatRect:
    box = await locator.bounding_box()
    assert box is not None
    return box


async def _is_on_top(locator: Locator) -> bool:
    return bool(
        await locator.evaluate("""element => {
          const box = element.getBoundingClientRect();
          const hit = document.elementFromPoint(
            box.left + box.width / 2, box.top + box.height / 2);
          return hit !== null && (element.contains(hit) || hit.contains(element));
        }""")
    )
