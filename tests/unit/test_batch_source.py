"""Items out of manifests and folders."""

import json

import many
import pytest

from pliant import imageio
from pliant.batch.errors import BatchError
from pliant.batch.item import Item, Refused, edit_of
from pliant.batch.source import open_source, unrepeated
from pliant.errors import DocumentError

EDIT = many.document((38, 24), seed=3)


def manifest(tmp_path, *entries):
    path = tmp_path / "items.jsonl"
    path.write_text("\n".join(entry if isinstance(entry, str) else json.dumps(entry) for entry in entries))
    return open_source(path)


def only(tmp_path, **fields):
    (entry,) = manifest(tmp_path, {"photo": "a.jpg", "edit": EDIT, **fields}).entries()
    return entry


def test_paths_start_from_the_manifest(tmp_path):
    item = only(tmp_path, photo="sub/a.jpg", edit="sub/a.json")
    assert (item.photo, item.edit) == (str(tmp_path / "sub/a.jpg"), str(tmp_path / "sub/a.json"))
    assert only(tmp_path, photo="/elsewhere/a.jpg").photo == "/elsewhere/a.jpg"


def test_an_item_has_the_name_it_is_given_or_one_made_from_what_it_asks(tmp_path):
    assert only(tmp_path, output="cats/./1.jpg").output == "cats/1.jpg"
    name = only(tmp_path).output
    assert name.startswith("a-")
    assert name.endswith(".png")
    assert only(tmp_path).output == name
    assert only(tmp_path, seed=4).output != name
    assert only(tmp_path, photo=".a:\nb.jpg").output.startswith("a__b-")
    first, second = manifest(
        tmp_path, {"photo": "b.jpg", "edit": EDIT}, {"photo": "a.jpg", "edit": EDIT}
    ).entries()
    assert second.output == name != first.output


@pytest.mark.parametrize(
    "output",
    [
        "../1.png",
        "/1.png",
        "a/../1.png",
        "1",
        "1.gif",
        "",
        5,
        "records/1.png",
        "refused/1.png",
        "a\\1.png",
        "C:1.png",
    ]
    + [".hidden.png", "a\n.png", "x" * 300 + ".png", "a/.git/1.png"],
)
def test_outputs_stay_in_the_folder(tmp_path, output):
    refused = only(tmp_path, output=output)
    assert isinstance(refused, Refused)
    assert refused.code in ("invalid_item", "unknown_format")


@pytest.mark.parametrize(
    "entry",
    ["nonsense", "[]", "7", "null", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")]
    + [{"photo": "a"}, {"edit": "a"}, {"photo": 1, "edit": "a"}, {"photo": "a", "edit": 1}, {"phot": "a"}]
    + [{"photo": "a", "edit": "b", key: value} for key, value in [("seed", -1), ("seed", True), ("prompt", 1)]],
)
def test_what_is_no_item_is_refused_by_its_line(tmp_path, entry):
    good = {"photo": "a.jpg", "edit": EDIT}
    before, refused, after = manifest(tmp_path, good, entry, {**good, "seed": 1}).entries()
    assert isinstance(before, Item)
    assert isinstance(after, Item)
    assert (refused.name, refused.code) == ("line-2", "invalid_item")


def test_a_line_that_is_too_long_is_refused_without_being_held(tmp_path, monkeypatch):
    monkeypatch.setattr("pliant.batch.source.MAX_LINE", 1000)
    source = manifest(tmp_path, {"photo": "a" * 5000, "edit": "b"}, {"photo": "a", "edit": "b"})
    refused, item = source.entries()
    assert (refused.name, refused.code) == ("line-1", "too_large")
    assert item.photo.endswith("/a")
    assert source.count() == 2


def test_an_output_is_for_one_item(tmp_path):
    names = ["1.png", "2.png", "1.png", "3/1.png", "2.PNG"]
    source = manifest(tmp_path, *({"photo": "a", "edit": "b", "output": name} for name in names))
    entries = [*unrepeated(source.entries())]
    assert [isinstance(entry, Item) for entry in entries] == [True, True, False, True, False]
    assert entries[2].message == "Its output '1.png' is that of item 1; give it another."
    assert {entry.code for entry in entries if isinstance(entry, Refused)} == {"duplicate_output"}


def test_the_key_depends_on_everything_that_is_asked(tmp_path):
    changes = [{}, {"seed": 1}, {"prompt": "x"}, {"edit": "b.json"}, {"photo": "b.jpg"}, {"output": "x.png"}]
    keys = [only(tmp_path, **change).key({"engine": "a"}) for change in changes]
    keys.append(only(tmp_path).key({"engine": "b"}))
    assert len(set(keys)) == len(keys)
    assert only(tmp_path).key({"engine": "a"}) == keys[0]


def test_an_edit_is_a_document_a_file_or_a_result(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(EDIT))
    item = only(tmp_path)
    imageio.save(many.picture(0), tmp_path / "result.png", edit=edit_of(item))
    imageio.save(many.picture(0), tmp_path / "plain.png")
    assert edit_of(only(tmp_path, edit="a.json")) == edit_of(item)
    assert edit_of(only(tmp_path, edit="result.png")).regions == edit_of(item).regions
    with pytest.raises(DocumentError) as caught:
        edit_of(only(tmp_path, edit="plain.png"))
    assert caught.value.code == "no_edit"


def test_a_folder_pairs_photos_and_edits_by_name(tmp_path):
    for name in ("cat.jpg", "dog.JPG", "dog.json", "cat.json", "lonely.json", "twin.jpg", "twin.png", "twin.json"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "mask.png").write_text("")
    source = open_source(tmp_path)
    entries = [*source.entries()]
    assert source.count() == len(entries) == 4
    items = {entry.output: entry for entry in entries if isinstance(entry, Item)}
    assert items.keys() == {"cat.png", "dog.png"}
    assert items["dog.png"].photo == str(tmp_path / "dog.JPG")
    refused = {entry.name: entry.message for entry in entries if isinstance(entry, Refused)}
    assert "no photo of the same name" in refused["lonely.json"]
    assert "twin.jpg and twin.png" in refused["twin.json"]


def test_a_manifest_must_be_there(tmp_path):
    with pytest.raises(BatchError, match="check the path"):
        open_source(tmp_path / "nowhere.jsonl")
