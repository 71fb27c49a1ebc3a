"""The editor's files: what is served, with which headers, and that nothing else is."""

from importlib.resources import files

import pytest
from served import API, client, problem

from pliant.serve.page import CSP, page_files
from pliant.serve.settings import Settings

TOKEN = "0123456789abcdef"
WEB = files("pliant.serve") / "web"


@pytest.fixture(scope="module")
def web():
    with client() as made:
        yield made


def test_the_page_is_at_the_root(web):
    found = web.get("/")
    assert found.status_code == 200
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.content == (WEB / "index.html").read_bytes()


def test_every_file_that_the_page_needs_is_served(web):
    kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    kinds |= {"png": "image/png", "jpg": "image/jpeg", "json": "application/json", "txt": "text/plain"}
    for path, file in page_files().items():
        found = web.get(path)
        assert (found.status_code, found.content) == (200, file.read_bytes()), path
        assert found.headers["content-type"].startswith(kinds[file.name.rpartition(".")[2]]), path
        assert found.headers["x-content-type-options"] == "nosniff"
        assert found.headers["content-security-policy"] == CSP
        assert web.head(path).headers["etag"] == found.headers["etag"]


def test_the_page_may_load_its_own_files_alone(web):
    rules = dict(rule.strip().split(" ", 1) for rule in web.get("/").headers["content-security-policy"].split(";"))
    assert rules.pop("img-src") == "'self' blob: data:"
    assert {name: rules.pop(name) for name in ("script-src", "style-src", "connect-src")} == {
        "script-src": "'self'",
        "style-src": "'self'",
        "connect-src": "'self'",
    }
    assert set(rules.values()) == {"'none'"}
    assert set(rules) == {"default-src", "base-uri", "form-action", "frame-ancestors"}
    assert "script-src" not in web.get(f"{API}/health").headers["content-security-policy"]


def test_an_upgrade_shows_at_the_next_load(web):
    first = web.get("/js/types.js")
    assert first.headers["cache-control"] == "no-cache"
    again = web.get("/js/types.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == CSP
    assert web.get("/js/types.js", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/index.html/../../__init__.py",
        "/js/../../page.py",
        "/js/..%2f..%2fpage.py",
        "/..%2f..%2f..%2f..%2fetc/passwd",
        "/%2e%2e/%2e%2e/page.py",
        "/js%2ftypes.js%00.txt",
        "/js\\..\\..\\page.py",
        "//etc/passwd",
        "/js/",
        "/js",
        "/page.py",
        "/web/index.html",
        "/c:/windows/win.ini",
        "/file:///etc/passwd",
        "/js/nothing.js",
    ],
)
def test_nothing_else_is_readable(web, path):
    found = web.get(path, follow_redirects=False)
    assert found.status_code in (307, 404)
    assert found.status_code == 404 or found.headers["location"].endswith(path.rstrip("/"))
    assert b"import" not in found.content
    assert b"root:" not in found.content


def test_a_page_is_read_and_not_written_to(web):
    problem(web.post("/"), 405, "method_not_allowed")
    problem(web.put("/js/types.js", content=b"x"), 405, "method_not_allowed")


def test_the_page_needs_no_token_and_its_requests_do():
    with client(Settings(token=TOKEN)) as web:
        for path in page_files():
            assert web.get(path).status_code == 200
        problem(web.get(f"{API}/engines"), 401, "not_authorised")
        problem(web.get("/js/nothing.js"), 401, "not_authorised")
        problem(web.get("/", headers={"Host": "evil.example"}), 403, "host_not_allowed")


def test_below_a_path_of_a_proxy():
    with client(Settings(root_path="/photos/pliant", token=TOKEN)) as web:
        assert web.get("/photos/pliant/").content == (WEB / "index.html").read_bytes()
        assert web.get("/photos/pliant/js/types.js").status_code == 200
        without = web.get("/photos/pliant", follow_redirects=False)
        assert without.headers["location"].endswith("/photos/pliant/")
    page = (WEB / "index.html").read_text(encoding="utf-8")
    assert 'src="/' not in page
    assert 'href="/' not in page
