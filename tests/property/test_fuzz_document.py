"""Whatever text comes in as an edit document, an `Edit` or a `DocumentError` comes out."""

import json
from copy import deepcopy

import hypothesis.strategies as st
import jsonschema
import numpy as np
from hypothesis import HealthCheck, given, settings

from pliant import document
from pliant.errors import DocumentError
from pliant.geometry import Size
from pliant.types import (
    Drag,
    DragRegion,
    Edit,
    Everything,
    Mask,
    Polygon,
    Rectangle,
    RegionPair,
    Stroke,
    Strokes,
)

SIZE = Size(13, 9)
few = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
fewer = settings(few, max_examples=100)

number = st.integers(-(10**7), 10**7) | st.floats(-1e7, 1e7)
point = st.tuples(number, number)
masks = st.lists(st.booleans(), min_size=117, max_size=117).map(lambda bits: Mask(np.array(bits).reshape(9, 13)))
boxes = st.tuples(*[st.integers(-50, 50)] * 2, *[st.integers(1, 50)] * 2).map(
    lambda box: Rectangle(box[0], box[1], box[0] + box[2], box[1] + box[3])
)
strokes = st.builds(
    Stroke, st.lists(point, min_size=1, max_size=4), st.floats(0, 1e7, exclude_min=True), st.booleans()
)
regions = st.one_of(
    masks,
    boxes,
    st.just(Everything()),
    st.builds(Polygon, st.lists(point, min_size=3, max_size=5)),
    st.builds(Strokes, st.lists(strokes, min_size=1, max_size=3)),
)
drag_regions = st.builds(
    DragRegion,
    regions,
    st.lists(st.builds(Drag, point, point), min_size=1, max_size=3),
    pins=st.lists(point, max_size=3),
    edge=st.sampled_from(["free", "pinned"]),
    deform=st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    strength=st.floats(0, 1),
)
edits = st.builds(
    Edit,
    st.lists(drag_regions | st.builds(RegionPair, regions, regions), min_size=1, max_size=3),
    protect=st.none() | regions,
    prompt=st.text(st.characters(codec="utf-8"), max_size=50),
    seed=st.integers(0, 2**63 - 1),
    size=st.none() | st.just(SIZE),
)

JUNK = ["", "x", "all", "data:image/png;base64,AAAA", "\ud800", None, True, 0, -1, 1.5, 1e300, 10**400]
junk = st.sampled_from([*JUNK, float("nan"), float("inf"), [], {}, [[]], [1, 2], {"box": [0, 0, 1, 1]}]).map(
    deepcopy
)
NAMES = ["region", "drags", "from", "to", "mask", "box", "source", "target", "points", "radius", "version", "form"]


def check(text: str | bytes) -> Edit | None:
    try:
        return document.loads(text)
    except DocumentError as error:
        assert len(str(error)) < 1000
        return None


def nodes(tree):
    """Every list and object of a JSON tree."""
    found, pending = [], [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, dict | list):
            found.append(node)
            pending.extend(node.values() if isinstance(node, dict) else node)
    return found


@few
@given(edits)
def test_what_is_written_reads_the_same(edit):
    text = document.dumps(edit)
    assert document.loads(text) == edit
    assert document.dumps(document.loads(text)) == text


@fewer
@given(edits)
def test_what_is_written_follows_the_schema(edit):
    jsonschema.Draft202012Validator(document.schema()).validate(json.loads(document.dumps(edit)))


@few
@given(edits, st.data())
def test_a_document_with_something_wrong_in_it(edit, data):
    tree = json.loads(document.dumps(edit))
    for _ in range(data.draw(st.integers(1, 3))):
        node = data.draw(st.sampled_from(nodes(tree)))
        if isinstance(node, dict):
            name = data.draw(st.sampled_from([*node, *NAMES]))
            if data.draw(st.booleans()):
                node.pop(name, None)
            else:
                node[name] = data.draw(junk)
        elif node and data.draw(st.booleans()):
            node[data.draw(st.integers(0, len(node) - 1))] = data.draw(junk)
        else:
            node.append(data.draw(junk))
    check(json.dumps(tree))


@few
@given(edits, st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=8), st.none() | st.floats(0, 1))
def test_damaged_text(edit, changes, cut):
    text = bytearray(document.dumps(edit).encode())
    for place, value in changes:
        text[int(place * (len(text) - 1))] = value
    check(bytes(text if cut is None else text[: int(cut * len(text))]))


@few
@given(st.text() | st.binary())
def test_any_text(text):
    assert check(text) is None


names = st.text() | st.sampled_from(NAMES)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=15,
)


@few
@given(json_values, json_values)
def test_any_json(regions, protect):
    check(json.dumps(regions))
    check(json.dumps({"version": 1, "regions": regions}))
    check(json.dumps({"version": 1, "regions": [regions]}))
    check(json.dumps({"version": 1, "regions": [{"source": "all", "target": "all"}], "protect": protect}))
