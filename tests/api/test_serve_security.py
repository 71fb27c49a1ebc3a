"""Who may talk to the server, and how much it takes."""

import base64
import contextlib
import json
import socket
import threading
import time

import numpy as np
import pytest
from served import API, HOME, LIVE, client, connection, document, mask, photo, problem, sent, serving, until
from starlette.websockets import WebSocketDisconnect

from pliant import imageio
from pliant.errors import PliantError
from pliant.serve.settings import Settings
from pliant.types import Picture

TOKEN = "0123456789abcdef"


@pytest.fixture(scope="module")
def web():
    with client() as made:
        yield made


@pytest.fixture(scope="module")
def guarded():
    with client(Settings(token=TOKEN)) as made:
        yield made


# -------------------------------------------------------------------------------------------- host, origin


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:7860", "localhost:7860", "LOCALHOST", "[::1]:7860", "127.1.2.3"]
)
def test_names_of_this_machine_are_accepted(web, host):
    assert web.get(f"{API}/jobs", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:7860",
        "127.0.0.1.evil.example",
        "192.168.0.5",
        "a@127.0.0.1",
        "",
        "[::1",
        "127.0.0.1:x",
    ],
)
@pytest.mark.parametrize("path", [f"{API}/jobs", f"{API}/health", "/docs", "/openapi.json"])
def test_rebound_names_are_refused(web, host, path):
    problem(web.get(path, headers={"Host": host}), 403, "host_not_allowed")


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://127.0.0.1.evil.example",
        "null",
        "http://127.0.0.1:3000",
        "http://localhost:7860",
        "file://",
        "[",
    ],
)
def test_pages_of_other_sites_are_refused(web, origin):
    refused = web.post(f"{API}/edit", files=sent(), headers={"Origin": origin})
    problem(refused, 403, "origin_not_allowed")
    with pytest.raises(WebSocketDisconnect), web.websocket_connect(LIVE, headers={"Origin": origin}):
        pass


def test_its_own_page_is_accepted(web):
    own = {"Origin": HOME, "Sec-Fetch-Site": "same-origin"}
    assert web.post(f"{API}/warp", files=sent(), headers=own).status_code == 200
    with web.websocket_connect(LIVE, headers=own):
        pass


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_other_sites_embed_is_refused(web, site):
    problem(web.get(f"{API}/jobs", headers={"Sec-Fetch-Site": site}), 403, "origin_not_allowed")
    assert web.get("/docs", headers={"Sec-Fetch-Site": site}).status_code == 200


def test_a_proxy_is_known_by_its_name():
    settings = Settings(allow_hosts=("photos.example",), host="0.0.0.0", token=TOKEN)
    key = {"Authorization": f"Bearer {TOKEN}"}
    with client(settings) as web:
        for host in ("photos.example", "192.168.0.5:7860", "[fe80::1]"):
            assert web.get(f"{API}/jobs", headers={"Host": host, **key}).status_code == 200
        page = {"Host": "127.0.0.1:7860", "Origin": "https://photos.example", **key}
        assert web.get(f"{API}/jobs", headers=page).status_code == 200
        problem(web.get(f"{API}/jobs", headers={"Host": "evil.example", **key}), 403, "host_not_allowed")


# ------------------------------------------------------------------------------------------------- token


def test_a_token_is_required_where_there_is_one(guarded):
    refused = guarded.get(f"{API}/jobs")
    problem(refused, 401, "not_authorised")
    assert refused.headers["www-authenticate"] == "Bearer"
    for value in ("Bearer", "Bearer wrong", f"Basic {TOKEN}", b"Bearer \xe9"):
        problem(guarded.get(f"{API}/jobs", headers={"Authorization": value}), 401, "not_authorised")
    assert guarded.get(f"{API}/jobs", headers={"Authorization": f"bearer {TOKEN}"}).status_code == 200


@pytest.mark.parametrize("path", [f"{API}/health", "/docs", "/openapi.json"])
def test_what_tells_nothing_needs_no_token(guarded, path):
    assert guarded.get(path).status_code == 200


def test_a_socket_brings_its_token_as_a_protocol(guarded):
    with pytest.raises(WebSocketDisconnect), guarded.websocket_connect(LIVE):
        pass
    with guarded.websocket_connect(LIVE, subprotocols=["pliant.v1", f"pliant.token.{TOKEN}"]) as socket:
        assert socket.accepted_subprotocol == "pliant.v1"


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"host": "0.0.0.0"}, "token_required"),
        ({"host": "::"}, "token_required"),
        ({"host": "photos.example"}, "token_required"),
        ({"token": "short"}, "invalid_setting"),
        ({"token": "with a space in it"}, "invalid_setting"),
        ({"queue": 0}, "invalid_setting"),
        ({"max_megapixels": 0}, "invalid_setting"),
        ({"port": 70000}, "invalid_setting"),
        ({"root_path": "pliant/"}, "invalid_setting"),
        ({"devices": ()}, "invalid_setting"),
        ({"devices": ("abacus",)}, "invalid_device"),
    ],
)
def test_settings_that_make_no_sense(settings, code):
    with pytest.raises(PliantError) as refused:
        Settings(**settings)
    assert refused.value.code == code


def test_the_folder_for_results_must_exist(tmp_path):
    with pytest.raises(PliantError, match="make it first"):
        Settings(output_dir=tmp_path / "none")


# ------------------------------------------------------------------------------------------------ headers


@pytest.mark.parametrize("path", [f"{API}/health", f"{API}/nothing", "/docs"])
def test_security_headers(web, path):
    headers = web.get(path).headers
    assert headers["content-security-policy"].startswith("default-src 'none'; base-uri 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers.get("cache-control") == ("no-store" if path.startswith(API) else None)
    assert "access-control-allow-origin" not in headers


# ------------------------------------------------------------------------------------------------- limits


@pytest.mark.parametrize("told", [True, False], ids=["with its length", "in chunks"])
def test_a_request_that_is_too_large(told):
    body = b"x" * (1 << 20) + b"xx"
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    content = body if told else iter([body])
    with client(Settings(max_upload_mb=1)) as web:
        problem(web.post(f"{API}/warp", content=content, headers=kind), 413, "too_large")


def test_a_picture_with_too_many_pixels():
    with client(Settings(max_megapixels=0.002)) as web:
        problem(web.post(f"{API}/warp", files=sent()), 413, "too_large")


@pytest.mark.parametrize("inside", [True, False])
def test_a_mask_with_too_many_pixels(web, inside):
    large = imageio.encode(Picture(np.zeros((9000, 9000), np.uint8)), "png")
    asked = document()
    uri = "data:image/png;base64," + base64.b64encode(large).decode()
    asked["regions"][0]["region"] = {"mask": uri if inside else "large.png"}
    more = {} if inside else {"masks": ("large.png", large)}
    problem(web.post(f"{API}/warp", files=sent(asked=asked, **more)), 413, "too_large")
    problem(web.post(f"{API}/fill", files={"image": photo(), "mask": large}), 413, "too_large")


def test_an_edit_document_that_is_too_large():
    with client(Settings(max_document_mb=1)) as web:
        asked = json.dumps(document(prompt="x" * (1 << 20))).encode()
        problem(web.post(f"{API}/warp", files={"image": photo(), "edit": asked}), 413, "too_large")


def test_too_many_files(web):
    many = [("masks", (f"{i}.png", mask())) for i in range(65)]
    problem(web.post(f"{API}/warp", files=[*many, ("image", photo())]), 400, "invalid_request")


def test_too_many_previews():
    with (
        client(Settings(max_previews=1)) as web,
        web.websocket_connect(LIVE),
        pytest.raises(WebSocketDisconnect),
        web.websocket_connect(LIVE),
    ):
        pass


# ------------------------------------------------------------------------------------------- slow clients


def trickle(address: str, chunks: int, pause: float) -> bytes:
    """Send a request of 4 bytes a piece, and give what is answered."""
    host, port = address.removeprefix("http://").split(":")
    head = f"POST {API}/warp HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as sender:
        part = '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
        sender.sendall(f"{head}Content-Length: 1000\r\n\r\n{part}".encode())
        for _ in range(chunks):
            sender.sendall(b"slow")
            sender.settimeout(pause)
            with contextlib.suppress(TimeoutError):
                if found := sender.recv(10_000):
                    return found
        sender.settimeout(10)
        return sender.recv(10_000)


def test_a_request_that_comes_too_slowly_loses_its_place():
    with serving(Settings(port=0, slow_seconds=0.3)) as (address, app):
        places = app.state.context.uploads
        answer = trickle(address, 100, 0.05)
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"connection: close" in answer.lower()
        assert b'"code":"too_slow"' in answer
        until(lambda: places.borrowed_tokens == 0)


def test_a_request_that_waits_for_its_place_is_not_late():
    with serving(Settings(port=0, slow_seconds=0.3)) as (address, app), connection(address) as web:
        places = app.state.context.uploads
        places.total_tokens = 0
        answers = []
        asking = threading.Thread(target=lambda: answers.append(web.post(f"{API}/warp", files=sent())))
        asking.start()
        asking.join(0.8)
        assert answers == []
        places.total_tokens = 1
        asking.join(10)
        assert answers[0].status_code == 200


def test_an_upload_at_a_fair_speed_takes_its_time():
    body = json.dumps(document(prompt="x" * 5000)).encode()

    def slowly():
        for start in range(0, len(content), 2000):
            time.sleep(0.03)
            yield content[start : start + 2000]

    with serving(Settings(port=0, slow_seconds=0.1, slowest_kb=1)) as (address, _), connection(address) as web:
        request = web.build_request("POST", f"{API}/warp", files={**sent(), "edit": ("edit.json", body)})
        content = request.read()
        answer = web.post(
            f"{API}/warp", content=slowly(), headers={"Content-Type": request.headers["content-type"]}
        )
    assert answer.status_code == 200
