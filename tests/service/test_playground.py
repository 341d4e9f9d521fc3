import re
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, async_playwright

from service.app import build_app
from tests import browser
from tests.service.conftest import ClientFactory, Shop, settings_for

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def open_shop(sqlite_url: str, aiohttp_client: ClientFactory) -> Shop:
    """A new installation."""
    return Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A tab of a headless Chromium that was never used before."""
    path = browser.executable()
    assert path is not None, "There is no Chromium; run: python -m tests.browser"
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=path, args=list(browser.ARGUMENTS)
        )
        yield await chromium.new_page(viewport={"width": 1280, "height": 800})
        await chromium.close()


async def test_a_newcomer_presses_play_and_sees_the_product_without_any_network(
    open_shop: Shop, page: Page
) -> None:
    origin = str(open_shop.http.make_url("/")).rstrip("/")
    foreign: list[str] = []
    complaints: list[str] = []

    async def own_origin_only(route: Route) -> None:
        if route.request.url.startswith(origin):
            await route.continue_()
        else:
            foreign.append(route.request.url)
            await route.abort()

    await page.route(re.compile("^https?:"), own_origin_only)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)

    await page.goto(f"{origin}/graphql")
    await page.get_by_role("button", name="Execute query").click()
    result = page.locator(".result-window")
    await result.get_by_text('"TEA-1"').wait_for(timeout=20_000)

    text = await result.inner_text()
    assert '"slug": "lahijan-tea"' in text
    assert '"amount": "12.50"' in text
    assert '"userErrors": []' in text
    assert await page.title() == "Kooch shop playground"
    assert (foreign, complaints) == ([], [])
    data = await open_shop.ask('{ product(sku: "TEA-1") { stock } }')
    assert data["product"] == {"stock": 20}


async def test_the_schema_is_at_hand_in_the_editor(open_shop: Shop, page: Page) -> None:
    await page.goto(str(open_shop.http.make_url("/graphql")))

    await page.get_by_label("Show Documentation Explorer").click()
    await page.get_by_role("link", name="Mutation", exact=True).click()

    await page.get_by_role("link", name="createProduct", exact=True).wait_for()
    assert await page.get_by_text("Add a product to the shop.").count() == 1


async def test_the_page_may_load_its_own_files_only_and_browsers_keep_them(open_shop: Shop) -> None:
    response = await open_shop.http.get("/graphql", headers=HTML)
    body = await response.text()
    again = await open_shop.http.get(
        "/graphql", headers=HTML | {"If-None-Match": response.headers["ETag"]}
    )
    loaded = re.findall(r'(?:src|href)="([^"]+)"', body)

    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert "unsafe-eval" not in response.headers["Content-Security-Policy"]
    assert (again.status, await again.text()) == (304, "")
    assert len(loaded) == 9
    for path in loaded:
        assert re.match(r"/graphql/static/[0-9a-f]{12}/", path)
        file = await open_shop.http.get(path)
        assert file.status == 200
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path", ["0123456789ab/playground.js", "../../app.py", "%2e%2e/%2e%2e/playground.py"]
)
async def test_nothing_but_the_playgrounds_files_is_served(open_shop: Shop, path: str) -> None:
    response = await open_shop.http.get(f"/graphql/static/{path}")

    assert response.status == 404
