import base64
import json
import math
import re
import time
from copy import deepcopy
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from pliant import document, imageio
from pliant.errors import DocumentError
from pliant.geometry import Size
from pliant.types import (
    Drag,
    DragRegion,
    Edit,
    Everything,
    Mask,
    Picture,
    Polygon,
    Rectangle,
    RegionPair,
    Stroke,
    Strokes,
)

FULL = {
    "version": 1,
    "size": [300, 240],
    "regions": [
        {
            "region": {"polygon": [[1, 2.5], [30, 4], [5, 60]]},
            "drags": [{"from": [10, 10], "to": [20, 30]}, {"from": [1, 2], "to": [3, 4.25]}],
            "pins": [[7, 8]],
            "edge": "pinned",
            "deform": "membrane",
            "strength": 0.5,
        },
        {"source": {"box": [0, 0, 5, 6]}, "target": "all"},
    ],
    "protect": {
        "strokes": [{"points": [[1, 2], [3, 4]], "radius": 2.5}, {"points": [[1, 2]], "radius": 1, "erase": True}]
    },
    "prompt": "a cat",
    "seed": 5,
}
EDIT = Edit(
    [
        DragRegion(
            Polygon([(1, 2.5), (30, 4), (5, 60)]),
            [Drag((10, 10), (20, 30)), Drag((1, 2), (3, 4.25))],
            pins=[(7, 8)],
            edge="pinned",
            deform="membrane",
            strength=0.5,
        ),
        RegionPair(Rectangle(0, 0, 5, 6), Everything()),
    ],
    protect=Strokes([Stroke([(1, 2), (3, 4)], 2.5), Stroke([(1, 2)], 1, erase=True)]),
    prompt="a cat",
    seed=5,
    size=Size(300, 240),
)


def selection(width=30, height=20):
    selected = np.zeros((height, width), np.bool_)
    selected[5:9, 3:17] = True
    return selected


def masked(value: str) -> str:
    return json.dumps(
        {"version": 1, "regions": [{"region": {"mask": value}, "drags": [{"from": [4, 6], "to": [9, 9]}]}]}
    )


def changed(*path_and_value) -> str:
    """FULL with one value set (or with `...` taken out), as text."""
    tree = deepcopy(FULL)
    *path, last, value = path_and_value
    node = tree
    for part in path:
        node = node[part]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return json.dumps(tree)


def refusal(text, base=None) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        document.loads(text, base=base)
    return caught.value


def test_every_field_is_read():
    assert document.loads(json.dumps(FULL)) == EDIT
    assert document.loads(json.dumps(FULL).encode()) == EDIT
    assert document.loads("\ufeff" + json.dumps(FULL)) == EDIT


def test_what_is_written_reads_the_same():
    text = document.dumps(EDIT)
    assert json.loads(text) == FULL
    assert document.loads(text) == EDIT


def test_what_is_left_out_has_its_default():
    text = '{"version": 1, "regions": [{"region": "all", "drags": [{"from": [1, 2], "to": [3, 4]}]}]}'
    assert document.loads(text) == Edit([DragRegion(Everything(), [Drag((1, 2), (3, 4))])])


def test_whole_numbers_are_written_without_a_fraction():
    text = document.dumps(EDIT)
    assert "[1, 2.5]" in text
    assert "30.0" not in text


def test_numpy_numbers_are_written():
    edit = Edit(
        [DragRegion(Rectangle(*np.array([0, 1, 5, 6])), [Drag(np.array([1, 2]), np.array([3, 4], np.float32))])],
        seed=np.int64(3),
    )
    assert document.loads(document.dumps(edit)) == edit


def test_the_size_is_written_once_it_is_known():
    edit = Edit([DragRegion(Everything(), [Drag((1, 2), (3, 4))])])
    assert "size" not in json.loads(document.dumps(edit))
    assert document.loads(document.dumps(edit, size=(30, 20))).size == Size(30, 20)
    with pytest.raises(DocumentError, match=r"300x240.*30x20") as caught:
        document.dumps(EDIT, size=(30, 20))
    assert caught.value.code == "size_mismatch"


@pytest.mark.parametrize(
    ("path_and_value", "message"),
    [
        (("version", 2), "version is 2; accepted is 1."),
        (("version", True), "version is true; accepted is 1."),
        (("version", ...), "version is missing; the document needs it."),
        (("size", [5]), "size is [5]; accepted is two whole numbers [width, height]."),
        (("size", [0, 5]), "size[0] is 0; accepted is a number of at least 1."),
        (("regions", []), "regions is []; accepted is a list of at least 1 value."),
        (("regions", {}), "regions is {}; accepted is a list."),
        (("regions", 0, 5), "regions[0] is 5; accepted is an object {...}."),
        (("regions", 0, "drags", ...), "regions[0].drags is missing; the document needs it."),
        (("regions", 0, "drags", []), "regions[0].drags is []; accepted is a list of at least 1 value."),
        (("regions", 0, "drags", 1, "to", [1]), "regions[0].drags[1].to is [1]; accepted is two numbers [x, y]."),
        (("regions", 0, "drags", 1, "to", [1, 2, 3]), "regions[0].drags[1].to is [1, 2, 3]; accepted is two"),
        (("regions", 0, "drags", 1, "to", "here"), 'regions[0].drags[1].to is "here"; accepted is two numbers'),
        (("regions", 0, "drags", 1, "to", ["1", 2]), 'regions[0].drags[1].to[0] is "1"; accepted is a number.'),
        (("regions", 0, "drags", 1, "to", [True, 2]), "regions[0].drags[1].to[0] is true; accepted is a number."),
        (("regions", 0, "drags", 1, "to", [math.nan, 2]), "regions[0].drags[1].to[0] is NaN; accepted is a num"),
        (("regions", 0, "drags", 1, "to", [1, math.inf]), "regions[0].drags[1].to[1] is Infinity; accepted is"),
        (("regions", 0, "drags", 1, "to", [1, 1e300]), "regions[0].drags[1].to[1] is 1e+300; accepted is a numbe"),
        (("regions", 0, "drags", 1, "to", [1, 10**400]), "regions[0].drags[1].to[1] is 10000"),
        (("regions", 0, "drags", 1, "form", [1, 2]), "form is not a known field; accepted here are from, to. Did"),
        (("regions", 0, "pins", 0, [1]), "regions[0].pins[0] is [1]; accepted is two numbers [x, y]."),
        (("regions", 0, "edge", "fixed"), 'regions[0].edge is "fixed"; accepted is "free" or "pinned".'),
        (("regions", 0, "deform", ""), 'regions[0].deform is ""; accepted is a text of at least 1 character.'),
        (("regions", 0, "strength", 1.5), "regions[0].strength is 1.5; accepted is a number of at most 1."),
        (("regions", 0, "strenght", 1), "regions[0].strenght is not a known field"),
        (("regions", 0, "strenght", 1), "Did you mean 'strength'?"),
        (("regions", 0, "region", None), 'regions[0].region is null; accepted is {"mask": ...}'),
        (("regions", 0, "region", {"polygn": []}), "Did you mean 'polygon'?"),
        (("regions", 0, "region", "everything"), 'or "all".'),
        (
            ("regions", 0, "region", {"polygon": [[1, 2]]}),
            "regions[0].region.polygon is [[1, 2]]; accepted is a l",
        ),
        (("regions", 0, "region", {"box": [1, 2, 3]}), "box is [1, 2, 3]; accepted is four whole numbers [x0, y"),
        (("regions", 0, "region", {"box": [1.5, 2, 3, 4]}), "box[0] is 1.5; accepted is a whole number."),
        (("regions", 0, "region", {"box": [5, 2, 3, 4]}), "regions[0].region: The box [5, 2, 3, 4] is empty"),
        (("regions", 0, "region", {"mask": "", "box": 1}), "regions[0].region.box is not a known field"),
        (("regions", 1, "drags", []), "regions[1].drags is not a known field; accepted here are source, target."),
        (("regions", 1, "target", ...), "regions[1].target is missing"),
        (
            ("protect", "strokes", 0, "radius", 0),
            "protect.strokes[0].radius is 0; accepted is a number of more than",
        ),
        (("protect", "strokes", 1, "erase", 1), "protect.strokes[1].erase is 1; accepted is true or false."),
        (
            ("protect", "strokes", 1, "size", 1),
            "protect.strokes[1].size is not a known field; accepted here are poi",
        ),
        (("prompt", 5), "prompt is 5; accepted is text."),
        (("prompt", "half \ud800"), "prompt has"),
        (("seed", -1), "seed is -1; accepted is a number of at least 0."),
        (("seed", 2**63), "seed is 9223372036854775808; accepted is a number of less than 9223372036854775808."),
        (("seed", True), "seed is true; accepted is a whole number."),
        (("seeds", 1), "seeds is not a known field"),
        (("\ud800", 1), "surrogate"),
    ],
)
def test_an_error_names_the_field_what_was_given_and_what_is_accepted(path_and_value, message):
    error = refusal(changed(*path_and_value))
    assert message in str(error)
    assert error.code == "invalid_document"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not JSON: Expecting value at line 1, column 1"),
        ('{"version": 1', "not JSON"),
        ('{"version": 1} x', "Extra data at line 1, column 16"),
        (b"\xff\xfe{}", "not UTF-8 text: byte 0 is 0xff"),
        ("[]", "The document is []; accepted is an object"),
        ("null", "The document is null"),
        ('{"a": 1, "a": 2}', "a is given twice"),
        ('{"version": 1, "regions": [{"drags": 1, "drags": 2}]}', "regions[0].drags is given twice"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 50 + "]" * 50, "nested too deeply"),
        ("1" * 5000, "not JSON"),
        ('{"version": 1e999}', "version is Infinity"),
    ],
)
def test_text_that_is_no_document(text, message):
    assert message in str(refusal(text))


def test_sizes_and_counts_are_bounded():
    assert refusal(" " * (64 * 2**20 + 1)).code == "too_large"
    assert refusal("[" + "[]," * 1_000_001).code == "too_large"
    region = FULL["regions"][1]
    assert "at most 1000 values" in str(refusal(changed("regions", [region] * 1001)))
    points = [[1, 2]] * 100_001
    assert "polygon is [[1, 2]," in str(refusal(changed("protect", {"polygon": points})))
    assert len(document.loads(changed("protect", {"polygon": points[:-1]})).protect.points) == 100_000


def test_a_mask_file_is_found_beside_the_document_and_written_as_its_name(tmp_path: Path):
    (tmp_path / "masks").mkdir()
    Image.fromarray(selection()).save(tmp_path / "masks" / "part.png")
    (tmp_path / "edit.json").write_text(masked("masks/part.png"))
    edit = document.load(tmp_path / "edit.json")
    assert edit.regions[0].region == Mask(selection())
    document.save(edit, tmp_path / "again.json")
    assert json.loads((tmp_path / "again.json").read_text())["regions"][0]["region"] == {"mask": "masks/part.png"}
    assert document.load(tmp_path / "again.json") == edit


def test_a_mask_file_elsewhere_or_gone_is_written_into_the_text(tmp_path: Path):
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
    Image.fromarray(selection()).save(tmp_path / "here" / "part.png")
    edit = document.loads(masked("part.png"), base=tmp_path / "here")
    assert "data:image/png;base64," in document.dumps(edit, base=tmp_path / "there")
    assert "data:image/png;base64," in document.dumps(edit)
    (tmp_path / "here" / "part.png").unlink()
    assert document.loads(document.dumps(edit, base=tmp_path / "here")) == edit


def test_a_mask_without_a_file_becomes_a_one_bit_png():
    edit = Edit([DragRegion(selection(), [Drag((4, 6), (9, 9))])])
    text = document.dumps(edit)
    assert document.loads(text) == edit
    uri = json.loads(text)["regions"][0]["region"]["mask"]
    assert base64.b64decode(uri.partition(",")[2])[24:26] == b"\x01\x00"


@pytest.mark.parametrize(
    "pixels",
    [
        selection()[..., None] * np.uint8(255),
        selection()[..., None] * np.uint16(65535),
        selection()[..., None] * np.array([255, 255, 255], np.uint8),
        np.dstack([np.full((20, 30), 255, np.uint8), selection() * np.uint8(255)]),
        np.where(selection()[..., None], 128, 127).astype(np.uint8),
    ],
    ids=["grey", "16 bit", "colour", "transparent is black", "half of white"],
)
def test_white_is_selected_in_every_kind_of_mask_picture(pixels):
    data = base64.b64encode(imageio.encode(Picture(pixels), "png")).decode()
    edit = document.loads(masked(f"data:image/png;base64,{data}"))
    assert edit.regions[0].region == Mask(selection())


def test_without_a_folder_no_file_is_read(tmp_path: Path):
    Image.fromarray(selection()).save(tmp_path / "part.png")
    error = refusal(masked(str(tmp_path / "part.png")))
    assert error.code == "file_not_allowed"
    assert "regions[0].region.mask" in str(error)
    assert "data URI" in str(error)


def test_a_mask_that_cannot_be_read_is_an_error_with_field_and_file(tmp_path: Path):
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.png").touch()
    for name, code in {
        "none.png": "missing_file",
        ".": "is_folder",
        "text.png": "not_a_picture",
        "empty.png": "empty_file",
        "nul\0.png": "not_readable",
    }.items():
        error = refusal(masked(name), tmp_path)
        assert error.code == code
        assert "regions[0].region.mask" in str(error)


@pytest.mark.parametrize(
    "uri",
    ["data:", "data:text/plain,hi", "data:image/png,xx", "data:image/png;base64,?", "data:image/png;base64,aGk="],
)
def test_a_malformed_data_uri_is_an_error(uri):
    assert "regions[0].region.mask" in str(refusal(masked(uri)))


def test_a_mask_of_another_size_than_the_document_is_refused():
    tree = json.loads(document.dumps(Edit([DragRegion(selection(), [Drag((4, 6), (9, 9))])])))
    error = refusal(json.dumps({**tree, "size": [31, 20]}))
    assert error.code == "size_mismatch"
    assert "30x20" in str(error)
    assert "31x20" in str(error)


def test_what_a_document_cannot_hold_is_not_written():
    far = Edit([DragRegion(Everything(), [Drag((1, 2), (3, 1e9))])])
    with pytest.raises(DocumentError, match=r"regions\[0\]\.drags\[0\]\.to\[1\]"):
        document.dumps(far)
    with pytest.raises(DocumentError, match="accepted is Unicode text"):
        document.dumps(Edit([RegionPair(Everything(), Everything())], prompt="\ud800"))


def test_files_that_cannot_be_read_or_written(tmp_path: Path):
    for path, code in ((tmp_path / "none.json", "missing_file"), (tmp_path, "is_folder")):
        with pytest.raises(DocumentError) as caught:
            document.load(path)
        assert caught.value.code == code
    with pytest.raises(DocumentError, match="no folder") as caught:
        document.save(EDIT, tmp_path / "none" / "edit.json")
    assert caught.value.code == "missing_folder"
    document.save(EDIT, tmp_path / "edit.json")
    with pytest.raises(DocumentError) as caught:
        document.save(EDIT, tmp_path / "edit.json", overwrite=False)
    assert caught.value.code == "exists"
    assert [p.name for p in tmp_path.iterdir()] == ["edit.json"]


def test_the_schema_is_valid_and_agrees():
    schema = document.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    validator.validate(FULL)
    validator.validate(json.loads(document.dumps(EDIT)))
    for path in (
        ("version", 2),
        ("regions", 0, "drags", 1, "to", [1]),
        ("seeds", 1),
        ("protect", "strokes", 0, "radius", 0),
    ):
        assert not validator.is_valid(json.loads(changed(*path)))


def test_a_document_wrong_all_over_is_refused_as_fast_as_any():
    began = time.process_time()
    error = refusal(json.dumps({"version": 1, "regions": [{"region": "all", "drags": [{}] * 100_000}] * 9}))
    assert "regions[0].drags[0].from is missing" in str(error)
    assert time.process_time() - began < 5


def test_the_example_in_the_docs_is_a_document(tmp_path: Path):
    text = (Path(__file__).parents[2] / "docs" / "document.md").read_text(encoding="utf-8")
    example = re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0]
    Image.new("1", (768, 512), 1).save(tmp_path / "beak.png")
    assert len(document.loads(example, base=tmp_path).regions) == 2
    assert jsonschema.Draft202012Validator(document.schema()).is_valid(json.loads(example))
