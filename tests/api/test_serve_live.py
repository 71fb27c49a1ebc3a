"""Live previews over the WebSocket: frames, latest-wins, errors."""

import asyncio
import json
import struct

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from served import LIVE, client, document, edit, mask, photo, picture, serving
from websockets.sync.client import connect

import pliant
from pliant import imageio
from pliant.serve.preview import triangles
from pliant.serve.schemas import EditMessage, MoveMessage, OpenMessage
from pliant.serve.settings import Settings
from pliant.serve.stream import Inbox
from pliant.types import Drag, DragRegion, Edit
from pliant.warp.part import Part, targets_of
from pliant.warp.show import cut_out, with_alpha, with_checker
from pliant.warp.warper import Warper


@pytest.fixture
def socket():
    with client() as web, web.websocket_connect(LIVE) as made:
        yield made


def kind_of(frame: bytes) -> int:
    return struct.unpack_from(">I", frame)[0]


def vertices(frame: bytes) -> tuple[int, int, np.ndarray]:
    assert kind_of(frame) == 1
    return *struct.unpack_from("<II", frame, 4), np.frombuffer(frame, "<f4", offset=12).reshape(-1, 2)


def topology(frame: bytes) -> tuple[int, list[tuple[int, np.ndarray, np.ndarray]]]:
    assert kind_of(frame) == 2
    number, count = struct.unpack_from("<II", frame, 4)
    parts, at = [], 12
    for _ in range(count):
        region, points, corners = struct.unpack_from("<III", frame, at)
        rest = np.frombuffer(frame, "<f4", points * 2, at + 12).reshape(-1, 2)
        at += 12 + rest.nbytes
        parts.append((region, rest, np.frombuffer(frame, "<u4", corners * 3, at).reshape(-1, 3)))
        at += corners * 12
    assert at == len(frame)
    return number, parts


def shown(frame: bytes) -> tuple[int, int, np.ndarray]:
    assert kind_of(frame) == 3
    return *struct.unpack_from("<II", frame, 4), imageio.load(frame[12:]).pixels


def opened(socket, source: bytes | tuple[int, int] = (64, 48)) -> None:
    if isinstance(source, bytes):
        socket.send_bytes(source)
    else:
        socket.send_json({"type": "open", "size": source})
    assert socket.receive_json() == {"type": "opened", "size": [64, 48]}


def asked(socket, seq: int = 1, doc: object = None, **more: object) -> None:
    socket.send_json({"type": "edit", "seq": seq, "edit": document() if doc is None else doc, **more})


def expected_vertices(wanted: Edit) -> np.ndarray:
    parts = [(region, part) for region, found in Warper(picture()).parts(wanted) for part in found]
    return np.concatenate([part.carry(targets_of(region))[drawn(part)] for region, part in parts])


def drawn(part: Part) -> np.ndarray:
    """Which vertices of the warp's mesh are drawn."""
    thin = part.mesh.thinned(part.handles)
    rows, columns = np.isin(part.mesh.rows, thin.rows), np.isin(part.mesh.columns, thin.columns)
    chosen = np.zeros_like(part.mesh.used)
    chosen[np.ix_(rows, columns)] = thin.used
    return chosen


def test_the_mesh_is_that_of_the_warp(socket):
    opened(socket)
    asked(socket)
    number, ((region, rest, corners),) = topology(socket.receive_bytes())
    part = Warper(picture()).parts(edit())[0][1][0]
    assert (number, region) == (1, 0)
    np.testing.assert_array_equal(rest, part.mesh.vertices[drawn(part)].astype("<f4"))
    np.testing.assert_array_equal(corners, triangles(part.mesh.thinned(part.handles)))
    seq, of, moved = vertices(socket.receive_bytes())
    assert (seq, of) == (1, 1)
    np.testing.assert_array_equal(moved, expected_vertices(edit()).astype("<f4"))


def test_triangles_cover_the_region_and_turn_one_way(socket):
    opened(socket)
    asked(socket)
    _, ((_, rest, corners),) = topology(socket.receive_bytes())
    a, b, c = (rest[corners[:, i]] for i in range(3))
    area = ((b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]) / 2
    assert (area > 0).all()
    canvas = np.zeros((48, 64), np.uint8)
    for corner in np.rint(rest[corners] * 16).astype(np.int32):
        cv2.fillConvexPoly(canvas, corner, 1, shift=4)
    assert canvas[15:30, 20:40].all()


def test_a_move_sends_vertices_alone(socket):
    opened(socket)
    asked(socket)
    topology(socket.receive_bytes())
    vertices(socket.receive_bytes())
    for seq, target in ((2, (35, 25)), (3, (36, 20))):
        socket.send_json({"type": "move", "seq": seq, "targets": [[target]]})
        got, of, moved = vertices(socket.receive_bytes())
        assert (got, of) == (seq, 1)
        np.testing.assert_array_equal(moved, expected_vertices(edit(target)).astype("<f4"))
    socket.send_json({"type": "move", "seq": 4, "targets": [[[36, 20]]], "strengths": [0]})
    np.testing.assert_allclose(vertices(socket.receive_bytes())[2], expected_vertices(edit((30, 22))), atol=1e-4)


def test_the_mesh_is_sent_again_when_the_region_changes(socket):
    opened(socket)
    asked(socket)
    first = topology(socket.receive_bytes())
    vertices(socket.receive_bytes())
    asked(socket, 2, document((41, 20)))
    assert vertices(socket.receive_bytes())[:2] == (2, 1)
    other = document()
    other["regions"][0]["region"] = {"box": [10, 10, 50, 40]}
    asked(socket, 3, other)
    second = topology(socket.receive_bytes())
    assert (first[0], second[0]) == (1, 2)
    assert vertices(socket.receive_bytes())[:2] == (3, 2)


def test_every_part_of_every_region_has_its_mesh(socket):
    opened(socket)
    both = document()
    strokes = [{"points": [[5, 40]], "radius": 3}, {"points": [[55, 40]], "radius": 3}]
    drags = [{"from": [5, 40], "to": [7, 41]}, {"from": [55, 40], "to": [50, 38]}]
    pair = {"source": {"box": [0, 0, 5, 5]}, "target": {"box": [6, 0, 12, 6]}}
    both["regions"] += [pair, {"region": {"strokes": strokes}, "drags": drags}]
    asked(socket, doc=both)
    _, parts = topology(socket.receive_bytes())
    assert [region for region, _, _ in parts] == [0, 2, 2]
    assert len(vertices(socket.receive_bytes())[2]) == sum(len(rest) for _, rest, _ in parts)


def test_pictures_on_request(socket):
    opened(socket, photo())
    asked(socket, picture="png")
    topology(socket.receive_bytes())
    vertices(socket.receive_bytes())
    seq, form, pixels = shown(socket.receive_bytes())
    preview = pliant.preview(with_alpha(picture()), edit())
    assert (seq, form) == (1, 1)
    np.testing.assert_array_equal(pixels, cut_out(preview).pixels)
    socket.send_json({"type": "move", "seq": 2, "targets": [[[40, 26]]], "picture": "jpeg"})
    vertices(socket.receive_bytes())
    seq, form, pixels = shown(socket.receive_bytes())
    assert (seq, form) == (2, 2)
    assert np.abs(pixels.astype(int) - with_checker(preview)).mean() < 8


def test_another_picture_begins_anew(socket):
    opened(socket)
    asked(socket)
    socket.receive_bytes()
    socket.receive_bytes()
    opened(socket, photo())
    socket.send_json({"type": "move", "seq": 2, "targets": [[[40, 26]]]})
    assert socket.receive_json()["code"] == "no_edit"
    asked(socket, 3)
    assert topology(socket.receive_bytes())[0] == 2


BAD = [
    ("{", "invalid_document"),
    ("[]", "invalid_request"),
    ('{"type": "dance"}', "invalid_request"),
    ('{"type": "open", "size": [0, 5]}', "invalid_request"),
    ('{"type": "open", "size": [100000, 100000]}', "too_large"),
    ('{"type": "edit", "seq": -1, "edit": {}}', "invalid_request"),
    ('{"type": "edit", "seq": 1, "edit": {}}', "invalid_document"),
    ('{"type": "edit", "seq": 1, "edit": {"a": 1, "a": 2}}', "invalid_document"),
    (json.dumps({"type": "edit", "seq": 1, "edit": document(size=[9, 9])}), "size_mismatch"),
    (json.dumps({"type": "edit", "seq": 1, "edit": document(), "picture": "png"}), "no_picture"),
    ('{"type": "move", "seq": 1, "targets": []}', "no_edit"),
    (b"nonsense", "not_a_picture"),
    (b"", "empty_file"),
]


@pytest.mark.parametrize(("message", "code"), BAD, ids=lambda value: str(value)[:50])
def test_a_bad_message_is_answered_and_the_socket_stays(socket, message, code):
    opened(socket)
    (socket.send_bytes if isinstance(message, bytes) else socket.send_text)(message)
    error = socket.receive_json()
    assert (error["type"], error["code"]) == ("error", code), error
    assert error["detail"]
    opened(socket)


@pytest.mark.parametrize("move", [{"targets": []}, {"targets": [[]]}, {"targets": [[[1, 2]]], "strengths": []}])
def test_a_move_must_fit_its_edit(socket, move):
    opened(socket)
    asked(socket)
    socket.receive_bytes()
    socket.receive_bytes()
    socket.send_json({"type": "move", "seq": 2, **move})
    error = socket.receive_json()
    assert (error["code"], error["seq"]) == ("invalid_move", 2)


def test_without_a_picture_there_is_nothing_to_show(socket):
    asked(socket)
    assert socket.receive_json()["code"] == "no_picture"


def test_what_the_picture_decides_needs_the_picture(socket):
    whole = document(target=(34, 24))
    whole["regions"][0]["edge"] = "pinned"
    opened(socket)
    asked(socket, doc=whole)
    refused = socket.receive_json()
    assert (refused["code"], refused["seq"]) == ("no_picture", 1)
    whole["regions"][0]["deform"] = "membrane"
    asked(socket, 2, whole)
    assert [kind_of(socket.receive_bytes()) for _ in range(2)] == [2, 1]
    del whole["regions"][0]["deform"]
    opened(socket, photo())
    asked(socket, 3, whole)
    assert [kind_of(socket.receive_bytes()) for _ in range(2)] == [2, 1]


def test_no_file_is_read_for_a_preview(socket, tmp_path):
    (tmp_path / "mask.png").write_bytes(mask())
    wanted = document()
    wanted["regions"][0]["region"] = {"mask": str(tmp_path / "mask.png")}
    opened(socket)
    asked(socket, doc=wanted)
    assert socket.receive_json()["code"] == "file_not_allowed"


def test_messages_have_a_limit():
    with client(Settings(max_document_mb=1, max_upload_mb=1)) as web, web.websocket_connect(LIVE) as socket:
        socket.send_text(" " * ((1 << 20) + 1))
        assert socket.receive_json()["code"] == "too_large"
        socket.send_bytes(bytes((1 << 20) + 1))
        assert socket.receive_json()["code"] == "too_large"


# --------------------------------------------------------------------------------------------- latest wins


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from("oem"), max_size=12))
def test_a_newer_message_takes_the_place_of_older_ones(kinds):
    async def run() -> None:
        inbox = Inbox()
        last: dict[str, object] = {"o": None, "e": None, "m": None}
        for seq, kind in enumerate(kinds):
            message = {
                "o": OpenMessage(type="open", size=(1 + seq, 1)),
                "e": EditMessage(type="edit", seq=seq, edit={}),
                "m": MoveMessage(type="move", seq=seq, targets=[]),
            }[kind]
            inbox.put(message)
            last |= {"o": {"e": None, "m": None}, "e": {"m": None}, "m": {}}[kind] | {kind: message}
        if kinds:
            assert await inbox.take() == (None, last["o"], last["e"], last["m"])

    asyncio.run(run())


def test_a_flood_of_moves_ends_with_the_last_and_skips_most():
    options = {"max_size": None, "proxy": None}
    with serving() as (address, _), connect(f"ws{address[4:]}/api/v1/preview", **options) as socket:
        socket.send(json.dumps({"type": "open", "size": [2000, 2000]}))
        wide = {"version": 1, "regions": [{"region": {"box": [100, 100, 1900, 1900]}, "drags": []}]}
        handles = [(200 + 160 * i, 300 + 140 * i) for i in range(10)]
        wide["regions"][0]["drags"] = [{"from": at, "to": at} for at in handles]
        socket.send(json.dumps({"type": "edit", "seq": 0, "edit": wide}))
        for seq in range(1, 1001):
            targets = [[(x + seq / 10, y) for x, y in handles]]
            socket.send(json.dumps({"type": "move", "seq": seq, "targets": targets}))
        told = []
        while not told or told[-1] < 1000:
            frame = socket.recv(timeout=20)
            if isinstance(frame, bytes) and kind_of(frame) == 1:
                told.append(vertices(frame)[0])
    assert told == sorted(told)
    assert len(told) < 900
    region = DragRegion(pliant.Rectangle(100, 100, 1900, 1900), [Drag((x, y), (x + 100, y)) for x, y in handles])
    blank = pliant.Picture(np.zeros((2000, 2000, 1), np.uint8))
    ((_, (part,)),) = Warper(blank).parts(Edit([region]))
    expected = part.carry(targets_of(region))[drawn(part)]
    np.testing.assert_allclose(vertices(frame)[2], expected, rtol=1e-6)
