"""Every route of the server, what it answers and what it refuses."""

import base64
import json

import numpy as np
import pytest
from served import API, client, document, edit, mask, photo, picture, problem, sent

import pliant
from pliant import imageio
from pliant.compose import repaint, widen
from pliant.fill.base import make_filler
from pliant.regions.mask import rasterise
from pliant.serve.settings import Settings
from pliant.types import Mask
from pliant.warp.show import cut_out, draw_mesh, with_alpha

WAIT = {"Prefer": "wait=60"}


@pytest.fixture(scope="module")
def web():
    with client() as made:
        yield made


def same_pixels(content: bytes, expected: pliant.Picture) -> None:
    np.testing.assert_array_equal(imageio.load(content).pixels, expected.pixels)


# ---------------------------------------------------------------------------------------- what there is


def test_health(web):
    answer = web.get(f"{API}/health")
    told = {"name": "pliant", "live": True, "ready": True, "version": pliant.__version__, "waiting": 0}
    assert (answer.status_code, answer.json()) == (200, told)


@pytest.mark.parametrize("kind", ["engines", "fillers", "segmenters", "deformers", "models"])
def test_lists(web, kind):
    rows = web.get(f"{API}/{kind}").json()
    assert rows
    assert all(row["name"] and row["summary"] for row in rows)


def test_fillers_say_whether_they_are_offered(web):
    offered = {row["name"]: row["offered"] for row in web.get(f"{API}/fillers").json()}
    assert offered["patchmatch"]
    assert not offered["sd15"]


def test_the_openapi_document_and_its_page(web):
    told = web.get("/openapi.json").json()
    assert {f"{API}/warp", f"{API}/fill", f"{API}/edit", f"{API}/jobs/{{name}}/events"} <= told["paths"].keys()
    assert told["components"]["schemas"]["Problem"]["properties"]["code"]
    page = web.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert all(path in page.text for path in told["paths"])
    assert "src=" not in page.text
    assert "http" not in page.text


# ------------------------------------------------------------------------------------------------- warp


def test_warp_leaves_the_hole_transparent(web):
    answer = web.post(f"{API}/warp", files=sent())
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    same_pixels(answer.content, cut_out(pliant.preview(with_alpha(picture()), edit())))
    assert (imageio.load(answer.content).pixels[..., 3] == 0).any()


def test_warp_shows_the_mesh(web):
    answer = web.post(f"{API}/warp", params={"show": "mesh"}, files=sent())
    same_pixels(answer.content, draw_mesh(picture(), edit()))


@pytest.mark.parametrize("form", ["png", "jpeg", "webp", "tiff"])
def test_every_format(web, form):
    answer = web.post(f"{API}/warp", params={"format": form}, files=sent())
    assert answer.headers["content-type"] == f"image/{form}"
    assert imageio.load(answer.content).origin.format == form.upper()


def test_warnings_are_told(web):
    answer = web.post(f"{API}/warp", files=sent(asked=document(target=(30, 22))))
    assert json.loads(answer.headers["x-warnings"]) == ["Every drag ends where it starts: nothing moves."]


@pytest.mark.parametrize("where", ["inside", "beside"])
def test_masks_come_inside_the_document_or_beside_it(web, where):
    inside = "data:image/png;base64," + base64.b64encode(mask()).decode()
    asked = document()
    asked["regions"][0]["region"] = {"mask": inside if where == "inside" else "head.png"}
    more = {} if where == "inside" else {"masks": ("head.png", mask())}
    answer = web.post(f"{API}/warp", files=sent(asked=asked, **more))
    assert answer.status_code == 200, answer.text
    same_pixels(answer.content, cut_out(pliant.preview(with_alpha(picture()), edit())))


def test_an_edit_may_be_sent_as_text(web):
    answer = web.post(f"{API}/warp", files={"image": photo()}, data={"edit": json.dumps(document())})
    assert answer.status_code == 200


# ------------------------------------------------------------------------------------------------- fill


def test_fill_is_what_the_library_does(web):
    asked = {"filler": "telea", "seed": "5", "margin": "2", "prompt": "grass"}
    answer = web.post(f"{API}/fill", files={"image": photo(), "mask": mask()}, data=asked)
    assert (answer.status_code, answer.headers["x-seed"]) == (200, "5")
    box, weight = widen(rasterise(Mask(imageio.load(mask()).pixels[..., 0]), (64, 48)), 2)
    same_pixels(answer.content, repaint(picture(), box, weight, make_filler("telea"), seed=5))


def test_fill_can_be_a_job(web):
    answer = web.post(f"{API}/fill", files={"image": photo(), "mask": mask()}, headers={"Prefer": "respond-async"})
    assert answer.status_code in (200, 202)


# ------------------------------------------------------------------------------------------------- edit


@pytest.mark.parametrize("filler", ["patchmatch", "telea"])
def test_an_edit_is_bit_for_bit_that_of_the_library(web, filler):
    answer = web.post(f"{API}/edit", files=sent(), data={"filler": filler, "seed": "3"}, headers=WAIT)
    assert (answer.status_code, answer.headers["x-seed"]) == (200, "3")
    loaded = imageio.load(photo())
    assert answer.content == imageio.encode(pliant.apply(loaded, edit(seed=3), filler=filler), "png")


def test_metadata_and_the_edit_are_kept(web):
    loaded = imageio.load(photo(form="jpeg"))
    loaded = pliant.Picture(loaded.pixels, pliant.types.Origin(format="JPEG", dpi=(300, 300), icc=None))
    content = imageio.encode(loaded, "jpeg")
    answer = web.post(f"{API}/edit", files=sent(content), headers=WAIT)
    assert imageio.load(answer.content).origin.dpi == pytest.approx((300, 300), abs=0.01)
    assert imageio.read_edit(answer.content).regions[0].drags == edit().regions[0].drags


def test_prompt_seed_and_options_stand_over_the_document(web):
    options = json.dumps({"margin": 2, "tear": 3.5})
    answer = web.post(f"{API}/edit", files=sent(), data={"options": options, "prompt": "sky"}, headers=WAIT)
    assert imageio.read_edit(answer.content).prompt == "sky"
    expected = pliant.apply(imageio.load(photo()), edit(), margin=2, tear=3.5)
    same_pixels(answer.content, expected.picture)


def test_an_edit_is_a_job(web):
    taken = web.post(f"{API}/edit", files=sent())
    assert taken.status_code in (200, 202)
    taken = web.post(f"{API}/edit", files=sent(), headers={"Prefer": "respond-async"})
    if taken.status_code == 202:
        assert taken.headers["location"] == taken.json()["status_url"]
    jobs = web.get(f"{API}/jobs").json()
    last = jobs[-1]
    web.get(last["events_url"])
    status = web.get(last["status_url"]).json()
    assert (status["state"], status["kind"], status["result"]["seed"]) == ("done", "edit", 7)
    done = web.get(last["result_url"])
    assert done.headers["content-disposition"] == f'inline; filename="pliant-{last["id"]}.png"'
    assert imageio.load(done.content).size == (64, 48)


PINNED = {"edge": "pinned", "deform": "membrane"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"drags": [{"from": [1, 1], "to": [9, 9]}]}, "handle_outside_region"),
        ({"pins": [[1, 1]]}, "pin_outside_region"),
        ({"pins": [[30, 22]]}, "conflicting_handles"),
        ({"region": {"box": [100, 100, 120, 120]}}, "empty_region"),
        (PINNED, "target_outside_region"),
        ({"edge": "pinned", "deform": "rigid"}, "deformer_edge"),
    ],
)
def test_an_edit_that_does_not_fit_is_no_job(web, change, code):
    asked = document()
    asked["regions"][0] |= change
    known = len(web.get(f"{API}/jobs").json())
    problem(web.post(f"{API}/edit", files=sent(asked=asked)), 422, code)
    asked["regions"][0] = {"source": {"box": [0, 0, 9, 9]}, "target": {"box": [90, 90, 99, 99]}}
    problem(web.post(f"{API}/edit", files=sent(asked=asked)), 422, "empty_region")
    problem(
        web.post(f"{API}/edit", files=sent(asked=document(protect={"box": [70, 50, 80, 60]}))), 422, "empty_region"
    )
    assert len(web.get(f"{API}/jobs").json()) == known


def test_an_edit_that_fails_as_a_job(web):
    asked = document()
    asked["regions"][0]["drags"][0]["from"] = [1, 1]
    more = {"headers": WAIT, "data": {"refine": "grabcut"}}  # only when refined it is known what is in the region
    answer = web.post(f"{API}/edit", files=sent(asked=asked), **more)
    assert "outside its region" in problem(answer, 422, "handle_outside_region")
    last = web.get(f"{API}/jobs").json()[-1]
    assert (last["state"], last["problem"]["code"]) == ("failed", "handle_outside_region")
    assert "event: failed" in web.get(last["events_url"]).text
    problem(web.get(last["result_url"]), 422, "handle_outside_region")


def test_a_pinned_region_without_a_deformer_is_judged_by_its_picture(web):
    asked = document(target=(62, 26))
    asked["regions"][0]["edge"] = "pinned"
    before = len(web.get(f"{API}/jobs").json())
    web.post(f"{API}/edit", files=sent(asked=asked))  # which may have its end by the time it is answered
    assert len(web.get(f"{API}/jobs").json()) == before + 1


def test_a_prefix_of_a_proxy_stands_in_the_addresses():
    with client(Settings(root_path="/pliant")) as web:
        for start in ("", "/pliant"):
            answer = web.post(f"{start}{API}/edit", files=sent(), headers={"Prefer": "respond-async"})
            if answer.status_code == 202:
                assert answer.json()["status_url"].startswith("/pliant/api/v1/jobs/")


# ------------------------------------------------------------------------------------------------ errors


def files(**changed: object) -> dict[str, object]:
    return {**sent(), **changed}


BAD_EDITS = [
    ({"files": {"image": photo()}}, 422, "missing_field"),
    ({"files": {"edit": b"{}"}}, 422, "missing_field"),
    ({"files": files(image=b"nonsense")}, 415, "not_a_picture"),
    ({"files": files(image=b"")}, 422, "empty_file"),
    ({"files": files(image=photo()[:200])}, 422, "damaged"),
    ({"files": files(edit=b"{")}, 422, "invalid_document"),
    ({"files": files(edit=b"\xff")}, 422, "invalid_document"),
    ({"files": files(edit=json.dumps(document(colour="red")).encode())}, 422, "invalid_document"),
    ({"files": files(edit=json.dumps(document(size=[9, 9])).encode())}, 422, "size_mismatch"),
    ({"files": files(other=b"x")}, 422, "unknown_field"),
    ({"files": [("image", photo()), ("image", photo()), ("edit", b"{}")]}, 422, "invalid_request"),
    ({"files": sent(), "data": {"engine": "nothing"}}, 422, "unknown_engine"),
    ({"files": sent(), "data": {"filler": "nothing"}}, 422, "unknown_filler"),
    ({"files": sent(), "data": {"filler": "sd15"}}, 403, "filler_not_offered"),
    ({"files": sent(), "data": {"filler": "/etc/passwd"}}, 422, "unknown_filler"),
    ({"files": sent(), "data": {"filler": "http://127.0.0.1:9/"}}, 422, "unknown_filler"),
    ({"files": sent(), "data": {"filler": "org/name"}}, 422, "unknown_filler"),
    ({"files": sent(), "data": {"options": '{"filler": 1}'}}, 422, "invalid_request"),
    ({"files": sent(), "data": {"options": '{"nothing": 1}'}}, 422, "unknown_option"),
    ({"files": sent(), "data": {"options": '{"tear": "x"}'}}, 422, "invalid_request"),
    ({"files": sent(), "data": {"options": '{"margin": 500}'}}, 422, "invalid_option"),
    ({"files": sent(), "data": {"options": "["}}, 422, "invalid_request"),
    ({"files": sent(), "data": {"seed": "-1"}}, 422, "invalid_request"),
    ({"files": sent(), "data": {"seed": str(2**63)}}, 422, "invalid_request"),
    ({"files": sent(), "data": {"prompt": "x" * 10_001}}, 422, "invalid_request"),
    ({"files": sent(), "data": {"margin": "3"}}, 422, "unknown_field"),
    ({"files": sent(), "params": {"format": "gif"}}, 422, "invalid_request"),
    ({"files": sent(), "params": {"color": "red"}}, 422, "unknown_parameter"),
    ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 415, "not_multipart"),
    ({"content": b"--", "headers": {"Content-Type": "multipart/form-data"}}, 400, "invalid_request"),
]


@pytest.mark.parametrize(("request_", "status", "code"), BAD_EDITS, ids=lambda value: str(value)[:60])
def test_bad_edits(web, request_, status, code):
    headers = {**WAIT, **request_.get("headers", {})}
    assert problem(web.post(f"{API}/edit", **{**request_, "headers": headers}), status, code)


def test_no_file_of_the_server_is_read(web, tmp_path):
    path = tmp_path / "mask.png"
    path.write_bytes(mask())
    for name in (str(path), "../mask.png", "file://" + str(path)):
        asked = document()
        asked["regions"][0]["region"] = {"mask": name}
        answer = web.post(f"{API}/warp", files=sent(asked=asked))
        problem(answer, 422, "file_not_allowed")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"masks": ("unused.png", mask())}, "unused_mask"),
        ({"masks": ("", mask())}, "invalid_request"),
    ],
)
def test_bad_masks(web, more, code):
    problem(web.post(f"{API}/warp", files=sent(**more)), 422, code)


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"mask": b"nonsense"}, 415, "not_a_picture"),
        ({"mask": mask(size=(9, 9))}, 422, "size_mismatch"),
        ({"mask": mask(box=(0, 0, 64, 48))}, 422, "nothing_to_copy"),
    ],
)
def test_bad_holes(web, changed, status, code):
    problem(web.post(f"{API}/fill", files={"image": photo(), "mask": mask(), **changed}), status, code)


def test_bad_margin(web):
    answer = web.post(f"{API}/fill", files={"image": photo(), "mask": mask()}, data={"margin": "101"})
    assert "margin is '101'" in problem(answer, 422, "invalid_request")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not_found"),
        ("GET", f"{API}/warp", 405, "method_not_allowed"),
        ("PUT", f"{API}/jobs", 405, "method_not_allowed"),
        ("GET", f"{API}/jobs/nothing", 404, "unknown_job"),
        ("DELETE", f"{API}/jobs/nothing", 404, "unknown_job"),
        ("GET", f"{API}/jobs/nothing/result", 404, "unknown_job"),
        ("GET", f"{API}/jobs/nothing/events", 404, "unknown_job"),
        ("GET", f"{API}/jobs?state=done", 422, "unknown_parameter"),
        ("GET", f"{API}/jobs/..%2f..%2fetc%2fpasswd", 404, "not_found"),
    ],
)
def test_bad_addresses(web, method, path, status, code):
    problem(web.request(method, path), status, code)


def test_an_unexpected_error_says_nothing_of_the_inside(monkeypatch):
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("pliant.serve.routes.deformer_rows", broken)
    with client(raise_server_exceptions=False) as web:
        assert "secret" not in problem(web.get(f"{API}/deformers"), 500, "internal")
