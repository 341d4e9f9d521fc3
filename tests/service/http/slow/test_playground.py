import asyncio
import gzip
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from playwright.async_api import Page, Route

from service.app import build_app
from service.http.playground import STATIC, samples
from tests.service.conftest import ClientFactory, Shop, settings_for
from tests.service.http.slow.browsing import NEW_PRODUCT, VARIABLES, browsing, edited, opened

SAVED_TIMEOUT_S = 10
TAB_STATE = "() => localStorage.getItem('graphiql:tabState') ?? ''"
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
async def open_shop(sqlite_url: str, aiohttp_client: ClientFactory) -> Shop:
    """A new installation."""
    return Shop(await aiohttp_client(build_app(settings_for(sqlite_url))), {})


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    """A tab of a headless Chromium that was never used before."""
    async with browsing() as page:
        yield page


async def test_a_newcomer_presses_play_and_sees_the_product_without_any_network(
    open_shop: Shop, page: Page
) -> None:
    origin = str(open_shop.http.make_url("/")).rstrip("/")
    foreign: list[str] = []
    complaints: list[str] = []

    async def own_origin_only(route: Route) -> None:
        if route.request.url.startswith(f"{origin}/"):
            await route.continue_()
        else:
            foreign.append(route.request.url)
            await route.abort()

    await page.route(re.compile("^https?:"), own_origin_only)
    page.on("websocket", lambda socket: foreign.append(socket.url))
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


PRODUCT = {"sku": "A", "name": "چای", "price": {"amount": "1.00", "currency": "EUR"}}
LISTS = 'query ($f: ProductFilter, $s: ProductSort! = {}, $n: Int = 0, $a: String = "", \
$b: Boolean! = false) { products(filter: $f, sort: $s, first: $n, after: $a) @include(if: $b) \
{ totalCount } }'


async def test_the_editor_underlines_wrong_variables_only(open_shop: Shop, page: Page) -> None:
    await opened(page, open_shop)

    async def underlined(variables: dict[str, Any]) -> list[str]:
        await page.evaluate(f"text => {VARIABLES}.setValue(text)", json.dumps(variables))
        await page.evaluate(f"{VARIABLES}.performLint()")
        return await page.locator(".graphiql-editor-tool .CodeMirror-lint-mark").all_inner_texts()

    await edited(page, NEW_PRODUCT % "product { id }", "", "input")
    assert await underlined({"input": PRODUCT}) == []
    assert await underlined({"input": PRODUCT | {"stock": 0, "description": ""}}) == []
    assert await underlined({"input": {**PRODUCT, "stock": "a"}}) == ['"a"']
    assert "".join(await underlined({"input": {"sku": "A"}})) == '{"sku": "A"}'

    await edited(page, LISTS, "", "f", "s", "n", "a", "b")
    assert await underlined({}) == []
    assert await underlined({"f": {"inStock": False, "search": ""}, "s": {}, "n": 0}) == []
    assert await underlined({"a": "", "b": False, "f": None}) == []
    assert await underlined({"s": {"by": "NAME"}, "a": "چای"}) == []
    assert await underlined({"s": {"by": "NOPE"}, "b": "false"}) == ['"NOPE"', '"false"']


async def test_the_documentation_tells_the_true_defaults(open_shop: Shop, page: Page) -> None:
    await opened(page, open_shop)
    await page.get_by_label("Show Documentation Explorer").click()

    await page.get_by_role("combobox").fill("CreateProductInput")
    await page.get_by_role("option", name="CreateProductInput", exact=True).click()

    docs = await page.locator(".graphiql-plugin").inner_text()
    text = " ".join(docs.split())
    assert 'description: String! = ""' in text
    assert "stock: Int! = 0" in text
    assert "status: ProductStatus! = ACTIVE" in text


async def test_a_returning_visitor_finds_the_tabs_as_they_were_left(
    open_shop: Shop, page: Page
) -> None:
    tabs = page.get_by_role("tab")
    await page.goto(str(open_shop.http.make_url("/graphql")))
    await tabs.filter(has_text="Jobs").wait_for()
    first_visit = await tabs.all_inner_texts()

    await page.get_by_role("button", name="Close Tab").first.click()
    await tabs.filter(has_text="CreateProduct").wait_for(state="detached")
    await _saved(page, lambda state: "Jobs" in state and "CreateProduct" not in state)
    await page.reload()
    await tabs.filter(has_text="Jobs").wait_for()

    assert first_visit[0] == "CreateProduct"
    assert len(first_visit) == len(samples())
    assert await tabs.all_inner_texts() == first_visit[1:]


async def test_a_token_in_the_headers_is_sent_and_never_stored(open_shop: Shop, page: Page) -> None:
    await page.goto(str(open_shop.http.make_url("/graphql")))
    await page.get_by_role("button", name="Headers").click()
    await page.get_by_label("Headers").locator(".CodeMirror:visible").click()
    await page.keyboard.type('{"Authorization": "Bearer not-a-token"')  # The editor adds the "}".

    async with page.expect_request(
        lambda sent: sent.headers.get("authorization") == "Bearer not-a-token"
    ):
        await page.keyboard.press("Control+Enter")

    await page.locator(".result-window").get_by_text("The token is not valid").wait_for()
    await page.locator(".graphiql-query-editor .CodeMirror").click()
    await page.keyboard.type("# written after the token")
    await _saved(page, lambda state: "# written after the token" in state)
    stored = await page.evaluate("() => ({...localStorage})")
    assert "CreateProduct" in stored["graphiql:queries"]
    assert "not-a-token" not in str(stored)


async def _saved(page: Page, is_as_expected: Callable[[str], bool]) -> None:
    """Wait until the browser keeps such tabs: GraphiQL saves half a second after a change."""
    async with asyncio.timeout(SAVED_TIMEOUT_S):
        while not is_as_expected(await page.evaluate(TAB_STATE)):
            await asyncio.sleep(0.05)


async def test_the_page_may_load_its_own_files_only_and_browsers_keep_them(open_shop: Shop) -> None:
    response = await open_shop.http.get("/graphql", headers=HTML)
    body = await response.text()
    again = await open_shop.http.get(
        "/graphql", headers=HTML | {"If-None-Match": response.headers["ETag"]}
    )
    loaded = re.findall(r'(?:src|href)="([^"]+)"', body)

    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'; ")
    assert "unsafe-eval" not in response.headers["Content-Security-Policy"]
    assert response.headers.getall("Vary") == ["Accept", "Accept-Encoding"]
    assert (again.status, await again.text()) == (304, "")
    assert len(loaded) == 10
    for path in loaded:
        assert re.match(r"/graphql/static/[0-9a-f]{12}/", path)
        file = await open_shop.http.get(path)
        assert file.status == 200
        assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("accepted", ["gzip", "br, GZIP;q=0.5", "*"])
@pytest.mark.parametrize("refused", [None, "br", "gzip;q=0, *", "identity"])
async def test_the_editor_travels_packed_to_whoever_unpacks_it_and_only_once(
    open_shop: Shop, accepted: str, refused: str | None
) -> None:
    file = STATIC / "vendor" / "graphiql.min.js"
    page = await open_shop.http.get("/graphql", headers=HTML)
    (path,) = re.findall(r'src="([^"]+/graphiql.min.js)"', await page.text())
    open_shop.http.session._auto_decompress = False

    packed = await open_shop.http.get(path, headers={"Accept-Encoding": accepted})
    plain = await open_shop.http.get(
        path,
        headers={} if refused is None else {"Accept-Encoding": refused},
        skip_auto_headers=["Accept-Encoding"],
    )
    again = await open_shop.http.get(
        path, headers={"Accept-Encoding": accepted, "If-None-Match": plain.headers["ETag"]}
    )

    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(await packed.read()) == file.read_bytes()
    assert int(packed.headers["Content-Length"]) < 320_000
    assert "Content-Encoding" not in plain.headers
    assert await plain.read() == file.read_bytes()
    assert (again.status, await again.read()) == (304, b"")
    for response in (packed, plain, again):
        assert response.headers.getall("Vary") == ["Accept-Encoding"]
        assert response.headers["ETag"] == plain.headers["ETag"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert packed.headers["Content-Type"] == "text/javascript; charset=utf-8"


@pytest.mark.parametrize(
    "path", ["0123456789ab/playground.js", "../../app.py", "%2e%2e/%2e%2e/playground.py"]
)
async def test_nothing_but_the_playgrounds_files_is_served(open_shop: Shop, path: str) -> None:
    response = await open_shop.http.get(f"/graphql/static/{path}")

    assert response.status == 404
