"""Where a model comes from: cache, mirrors, resume, hashes, offline. A local server stands for the web."""

import hashlib

import pytest
from web import COMMIT, serving, use

from pliant.errors import MissingRequirementError, PliantError, UnknownNameError
from pliant.models import catalog, fetch, hub
from pliant.models.catalog import Location, Model
from pliant.models.fetch import cached, files_of, locate, remove, verify

WEIGHTS = bytes(range(256)) * 40
SHA = hashlib.sha256(WEIGHTS).hexdigest()
FILES = {"config.json": b"{}", "model.safetensors": WEIGHTS, "model.bin": b"pickle"}


@pytest.fixture
def web(monkeypatch, tmp_path):
    with serving() as web:
        use(monkeypatch, web, tmp_path / "cache")
        yield web


@pytest.fixture
def entry(monkeypatch):
    """Puts a model called `thing` into the catalogue."""

    def put(*locations: Location) -> Model:
        model = Model(
            alias="thing", kind="lora", title="A thing", licence="MIT", size=len(WEIGHTS), locations=locations
        )
        find = catalog.find
        monkeypatch.setattr(fetch, "find", lambda alias: model if alias == "thing" else find(alias))
        return model

    return put


def repo(name: str = "org/name", *files: str, **more: object) -> Location:
    return Location(repo=name, files=files or ("model.safetensors",), **more)


def refused(reference: str = "thing", **flags: object) -> str:
    with pytest.raises(MissingRequirementError) as caught:
        locate(reference, **flags)
    assert caught.value.code == "model_unavailable"
    return str(caught.value)


# ------------------------------------------------------------------------------------------------- the hub


def test_one_file_from_the_hub(web, entry):
    entry(repo())
    web.repos["org/name"] = FILES
    assert cached("thing") is None
    path = locate("thing")
    assert path.name == "model.safetensors"
    assert path.read_bytes() == WEIGHTS
    assert cached("thing") == path


def test_several_files_are_a_folder_without_pickles(web, entry):
    entry(repo("org/name", "*"))
    web.repos["org/name"] = FILES
    folder = locate("thing")
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]


def test_what_is_cached_is_not_asked_for_again(web, entry):
    entry(repo())
    web.repos["org/name"] = FILES
    first = locate("thing")
    web.asked.clear()
    assert locate("thing") == locate("thing", offline=True) == first
    assert web.asked == []


def test_a_pinned_revision(web, entry):
    entry(repo(revision=COMMIT))
    web.repos["org/name"] = FILES
    assert locate("thing").parent.name == COMMIT
    assert all(COMMIT in path for path in web.downloads)
    assert cached("thing") is not None


def test_a_mirror_takes_over(web, entry):
    entry(repo("gone/name"), repo("mirror/name"))
    web.repos["mirror/name"] = FILES
    assert "mirror--name" in str(locate("thing"))
    assert cached("thing") is not None


def test_every_location_is_named_with_its_reason(web, entry):
    entry(
        repo("gone/name"),
        repo("gated/name"),
        repo("broken/name"),
        repo("empty/name"),
        Location(url=web.url + "/missing/", files=("a.onnx",)),
    )
    web.repos |= {"gated/name": FILES, "broken/name": FILES, "empty/name": {}}
    web.status |= {"gated/name": 403, "broken/name": 500}
    message = refused()
    assert "gone/name (there is no such repository, or it is private (set HF_TOKEN))" in message
    assert "gated/name (it is gated: accept its terms on its page and set HF_TOKEN)" in message
    assert "broken/name (" in message
    assert "empty/name (it lacks some of the files that are wanted)" in message
    assert "/missing/ (HTTP 404 Not Found)" in message
    assert "`pliant models get thing`" in message
    assert "local folder or file" in message


def test_a_folder_that_lacks_a_file_is_not_taken(web, entry):
    entry(
        repo("half/name", "config.json", "model.safetensors"), repo("whole/name", "config.json", "*.safetensors")
    )
    web.repos |= {"half/name": {"config.json": b"{}"}, "whole/name": FILES}
    assert "whole--name" in str(locate("thing"))


def test_a_server_that_is_not_there(web, entry, monkeypatch):
    from huggingface_hub import constants

    entry(repo(), Location(url="http://127.0.0.1:9/", files=("a.onnx",)))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    template = "http://127.0.0.1:9/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    message = refused()
    assert message.count("cannot be reached") == 2


def test_a_wrong_hash_is_removed_and_falls_through(web, entry):
    entry(
        repo("bad/name", sha256={"model.safetensors": SHA}), repo("good/name", sha256={"model.safetensors": SHA})
    )
    web.repos |= {"bad/name": {"model.safetensors": b"something else"}, "good/name": FILES}
    path = locate("thing")
    assert path.read_bytes() == WEIGHTS
    assert "good--name" in str(path)
    kept = [file.read_bytes() for file in (path.parents[3]).rglob("*") if file.is_file()]
    assert b"something else" not in kept


# ----------------------------------------------------------------------------------------------- offline, confirm


def test_offline_names_the_command(web, entry, monkeypatch):
    from huggingface_hub import constants

    entry(repo())
    web.repos["org/name"] = FILES
    assert "`pliant models get thing`" in refused(offline=True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "downloads are off" in refused()
    assert web.asked == []


def test_the_size_and_licence_are_told_once_before_the_download(web, entry):
    model = entry(repo("gone/name"), repo())
    web.repos["org/name"] = FILES
    told = []
    locate("thing", confirm=lambda *facts: told.append((*facts, len(web.asked))))
    assert told == [(model, len(WEIGHTS), "MIT", 0)]
    locate("thing", confirm=lambda *facts: told.append(facts))
    assert len(told) == 1


def test_a_refusal_stops_everything(web, entry):
    def refuse(*facts: object) -> None:
        raise PliantError("no", code="cancelled")

    entry(repo(), repo("mirror/name"))
    with pytest.raises(PliantError, match="^no$"):
        locate("thing", confirm=refuse)
    assert web.asked == []


# ------------------------------------------------------------------------------------------------- hub ids


def test_a_hub_id_brings_settings_and_safe_weights(web):
    web.repos["org/name"] = FILES
    told = []
    folder = locate("org/name", confirm=lambda *facts: told.append(facts))
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert told == [("org/name", len(WEIGHTS) + 2, "mit")]
    web.asked.clear()
    assert locate("org/name", offline=True) == folder
    assert web.asked == []


def test_a_hub_id_with_a_revision(web):
    web.repos["org/name"] = FILES
    locate("org/name@v1")
    assert any("/v1" in path for _, path, _ in web.asked)
    assert cached("org/name@v1") is not None


def test_a_repository_of_pickles_is_refused(web):
    web.repos["org/name"] = {"config.json": b"{}", "pytorch_model.bin": b"pickle"}
    assert "no .safetensors or .onnx weights" in refused("org/name")
    assert web.downloads == []


def test_a_half_downloaded_repository_is_completed(web):
    web.repos["org/name"] = {
        **FILES,
        "model.safetensors.index.json": b'{"weight_map": {"a": "model.safetensors"}}',
    }
    folder = locate("org/name")
    (folder / "model.safetensors").unlink()
    assert cached("org/name") is None
    assert (locate("org/name") / "model.safetensors").read_bytes() == WEIGHTS


# ------------------------------------------------------------------------------------------------- plain addresses


@pytest.fixture
def onnx(web):
    """The address of a graph on the server."""
    web.files["/models/a.onnx"] = WEIGHTS
    return f"{web.url}/models/a.onnx"


def test_an_address(web, onnx):
    told = []
    path = locate(onnx, confirm=lambda *facts: told.append(facts))
    assert path.read_bytes() == WEIGHTS
    assert told == [(onnx, None, "")]
    assert locate(onnx, offline=True) == path
    assert sorted(file.name for file in path.parent.iterdir() if file.suffix != ".lock") == ["a.onnx"]


def test_an_interrupted_download_goes_on(web, onnx):
    web.cut["/models/a.onnx"] = (4000, 2)
    assert locate(onnx).read_bytes() == WEIGHTS
    assert [asked for _, _, asked in web.asked] == [None, "bytes=4000-", "bytes=8000-"]


def test_a_later_call_goes_on(web, onnx):
    web.cut["/models/a.onnx"] = (1000, 3)
    assert "ended after 3,000 of 10,240 bytes" in refused(onnx)
    assert cached(onnx) is None
    web.asked.clear()
    assert locate(onnx).read_bytes() == WEIGHTS
    assert web.asked[0][2] == "bytes=3000-"


def test_new_content_is_not_glued_to_old(web, onnx):
    web.cut["/models/a.onnx"] = (1000, 3)
    refused(onnx)
    web.files["/models/a.onnx"] = WEIGHTS[::-1]
    assert locate(onnx).read_bytes() == WEIGHTS[::-1]


def test_without_a_tag_it_starts_over(web, onnx):
    web.etags = False
    web.cut["/models/a.onnx"] = (1000, 2)
    assert locate(onnx).read_bytes() == WEIGHTS
    assert [asked for _, _, asked in web.asked] == [None, None, None]


def test_a_part_that_is_already_whole(web, onnx):
    path = locate(onnx)
    part = path.with_name("a.onnx.part")
    path.replace(part)
    part.with_name("a.onnx.part.tag").write_text(f'"{hashlib.md5(WEIGHTS).hexdigest()}"')
    assert locate(onnx).read_bytes() == WEIGHTS


def test_a_wrong_hash_leaves_nothing(web, entry, onnx):
    entry(Location(url=f"{web.url}/models/", files=("a.onnx",), sha256={"a.onnx": "0" * 64}))
    assert f"its SHA-256 is {SHA[:12]}..., expected 000000000000...; it was removed" in refused()
    assert not [path for path in fetch.hub.assets().rglob("a.onnx*") if path.suffix != ".lock"]


def test_a_model_of_two_addresses_is_a_folder(web, entry):
    web.files |= {"/pair/encoder.onnx": b"1", "/pair/decoder.onnx": b"2"}
    entry(Location(url=f"{web.url}/pair/", files=("encoder.onnx", "decoder.onnx")))
    folder = locate("thing")
    assert (folder / "encoder.onnx").read_bytes() + (folder / "decoder.onnx").read_bytes() == b"12"


# ------------------------------------------------------------------------------------------------- local, wrong


def test_local_paths(web, tmp_path, monkeypatch):
    file = tmp_path / "my.safetensors"
    file.write_bytes(WEIGHTS)
    assert locate(str(file)) == file
    assert locate(str(tmp_path)) == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cached("~/my.safetensors") == file
    assert files_of(str(file)) == [file]
    assert web.asked == []


def test_a_local_pickle_is_refused(web, tmp_path):
    file = tmp_path / "model.ckpt"
    file.write_bytes(b"pickle")
    with pytest.raises(PliantError, match="can run code") as caught:
        locate(str(file))
    assert caught.value.code == "unsafe_model"


@pytest.mark.parametrize("reference", ["lamma", "", "a/b/c.onnx", "./none.onnx", "org/na me", "../up/name"])
def test_what_is_no_model(web, reference):
    with pytest.raises(UnknownNameError, match="neither a file or folder") as caught:
        locate(reference)
    assert caught.value.code == "unknown_model"
    assert web.asked == []


def test_a_misspelt_alias_gets_a_hint(web):
    with pytest.raises(UnknownNameError, match="Did you mean 'lama'"):
        locate("lamma")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/x.ckpt", "https://127.0.0.1:9/"])
def test_an_address_of_something_else(web, address):
    with pytest.raises(UnknownNameError, match=r"\.onnx or \.safetensors"):
        locate(address)


# ------------------------------------------------------------------------------------------------- check, remove


def test_check_and_remove(web, entry):
    entry(repo("org/name", "config.json", "model.safetensors"))
    web.repos["org/name"] = FILES
    folder = locate("thing")
    assert {found.file: found.state for found in verify("thing")} == {
        "config.json": "ok",
        "model.safetensors": "ok",
    }
    (folder / "model.safetensors").resolve().write_bytes(b"bad")
    (folder / "config.json").resolve().write_bytes(b"{ }")
    assert {found.state for found in verify("thing")} == {"damaged"}
    assert remove("thing") == 6
    assert cached("thing") is None
    assert remove("thing") == 0
    with pytest.raises(MissingRequirementError, match="is not on this machine"):
        verify("thing")


def test_check_and_remove_an_address(web, onnx):
    locate(onnx)
    assert [found.state for found in verify(onnx)] == ["unknown"]
    assert remove(onnx) == len(WEIGHTS)
    assert cached(onnx) is None


def test_remove_takes_a_started_download_too(web, onnx):
    web.cut["/models/a.onnx"] = (1000, 3)
    refused(onnx)
    assert remove(onnx) >= 3000
    assert list(fetch.hub.assets().rglob("a.onnx*")) == []


def test_a_local_file_is_not_removed(web, tmp_path):
    file = tmp_path / "my.onnx"
    file.write_bytes(WEIGHTS)
    with pytest.raises(PliantError, match="left alone"):
        remove(str(file))
    assert file.exists()


def test_an_unknown_hub_is_said_at_once(monkeypatch, tmp_path):
    def unknown(*asked):
        raise OSError(-2, "Name or service not known")

    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(hub, "getaddrinfo", unknown)
    monkeypatch.setattr(hub, "getproxies", dict)
    with pytest.raises(PliantError, match="cannot be reached: .*Name or service not known") as caught:
        fetch.locate("org/name")
    assert caught.value.code == "model_unavailable"
