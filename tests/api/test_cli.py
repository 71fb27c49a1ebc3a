"""The command line as a user meets it: what it writes, what it says, how it ends."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import pliant
from pliant.cli import extras
from pliant.cli.main import main
from pliant.types import Result

REGION = ["--box", "20,15,40,30", "--drag", "30,22:40,26"]
FAST = ["--filler", "telea"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working folder with one photo."""
    y, x = np.mgrid[0:48, 0:64]
    pixels = np.stack([x * 4, y * 5, (x * 7 + y * 3) % 256], axis=2).astype(np.uint8)
    pliant.save(pliant.Picture(pixels), tmp_path / "photo.png")
    mask = np.zeros((48, 64), np.uint8)
    mask[15:30, 20:40] = 255
    pliant.save(pliant.Picture(mask), tmp_path / "mask.png")
    box = pliant.DragRegion(pliant.Rectangle(20, 15, 40, 30), [pliant.Drag((30, 22), (40, 26))])
    pliant.save_edit(pliant.Edit([box], seed=7), tmp_path / "edit.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(folder, capfd):
    """Runs `pliant` in that folder: (exit code, what it printed, what it said on stderr)."""

    def call(*argv: str) -> tuple[int, str, str]:
        code = main(argv)
        printed = capfd.readouterr()
        assert "Traceback" not in printed.err or "-v" in argv
        return code, printed.out, printed.err

    return call


def pixels(name: str) -> np.ndarray:
    return pliant.load(name).pixels


def piped(*argv: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-W", "error", "-m", "pliant.cli.main", *argv]
    return subprocess.run(command, input=data, capture_output=True, timeout=120, check=False)


# ------------------------------------------------------------------------------------------------- edit


def test_candidates_differ_by_their_seed(run, folder):
    filler = ["--filler", "patchmatch"]
    code, printed, _ = run("edit", "photo.png", "--edit", "edit.json", "-o", "c.png", "--candidates", "3", *filler)
    assert code == 0
    assert len(printed.splitlines()) == 3
    assert sorted(path.name for path in folder.glob("c*")) == ["c-1.png", "c-2.png", "c-3.png"]
    assert json.loads(run("edit", "c-3.png")[1])["seed"] == 9
    run("edit", "photo.png", "--edit", "c-3.png", "-o", "again.png", *filler)
    np.testing.assert_array_equal(pixels("again.png"), pixels("c-3.png"))


def test_candidates_want_files(run, folder):
    code, _, said = run("edit", "photo.png", "--edit", "edit.json", "-o", "-", "--candidates", "2", *FAST)
    assert code == 2
    assert "--candidates" in said
    (folder / "c-2.png").write_bytes(b"mine")
    code, _, said = run("edit", "photo.png", "--edit", "edit.json", "-o", "c.png", "--candidates", "2", *FAST)
    assert code == 1
    assert "c-2.png" in said
    assert not (folder / "c-1.png").exists()


def test_facts_of_candidates_are_a_list(run):
    arguments = ["--edit", "edit.json", "-o", "c.png", "--candidates", "2", "--json"]
    facts = json.loads(run("edit", "photo.png", *arguments, *FAST)[1])
    assert [one["seed"] for one in facts] == [7, 8]
    assert [one["output"] for one in facts] == ["c-1.png", "c-2.png"]


def test_edit_with_a_document(run):
    code, out, err = run("edit", "photo.png", "--edit", "edit.json", "-o", "out.png", *FAST)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"out\.png: 64x48, 300 pixels moved, \d+ painted, [\d.]+ s\n", out)
    changed = (pixels("out.png") != pixels("photo.png")).any(axis=2)
    assert changed[19:34, 30:50].any()
    assert not changed[:10].any()
    assert not changed[:, :12].any()


@pytest.mark.parametrize(
    "region",
    [["--mask", "mask.png"], ["--box", "20,15,40,30"], ["--polygon", "20,15 39,15 39,29 20,29"]],
    ids=lambda region: region[0],
)
def test_every_quick_region_gives_the_same(run, region):
    assert run("edit", "photo.png", "--edit", "edit.json", "-o", "document.png", *FAST)[0] == 0
    drag = ["--drag", "30,22:40,26", "--seed", "7"]
    assert run("edit", "photo.png", *region, *drag, "-o", "quick.png", *FAST)[0] == 0
    np.testing.assert_array_equal(pixels("quick.png"), pixels("document.png"))


def test_facts_as_json(run):
    flags = ["--pin", "21,16", "--pin", "38,16", "--seed", "3", "--json"]
    code, out, err = run("edit", "photo.png", *REGION, *flags, "-o", "out.png", *FAST)
    facts = json.loads(out)
    assert (code, err) == (0, "")
    assert facts["output"] == "out.png"
    assert facts["size"] == [64, 48]
    assert facts["seed"] == 3
    assert facts["engine"] == "inpaint4drag"
    assert facts["moved_area"] > 200
    assert facts["hole_area"] > 0
    assert facts["warnings"] == []
    assert {"load", "warp", "fill", "save", "total"} <= facts["timings"].keys()


def test_flags_override_the_document(run):
    flags = ["--edit", "edit.json", "--edge", "pinned", "--deform", "membrane", "--strength", "0.5"]
    code, *_ = run("edit", "photo.png", *flags, "--prompt", "sky", "--seed", "9", "-o", "out.png", *FAST)
    embedded = _embedded("out.png")
    assert code == 0
    assert (embedded.prompt, embedded.seed) == ("sky", 9)
    region = embedded.regions[0]
    assert (region.edge, region.deform, region.strength) == ("pinned", "membrane", 0.5)


def _embedded(name: str) -> pliant.Edit:
    from pliant.imageio import read_edit

    return read_edit(name)


def test_a_result_is_an_edit_document(run):
    run("edit", "photo.png", *REGION, "-o", "first.png", *FAST)
    code, *_ = run("edit", "photo.png", "--edit", "first.png", "-o", "second.png", *FAST)
    assert code == 0
    np.testing.assert_array_equal(pixels("second.png"), pixels("first.png"))


def test_a_result_shows_its_edit(run):
    run("edit", "photo.png", *REGION, "-o", "out.png", *FAST)
    code, out, err = run("edit", "out.png")
    assert code == 0
    assert json.loads(out)["regions"][0]["region"] == {"box": [20, 15, 40, 30]}
    assert "pliant edit ORIGINAL --edit out.png" in err


def test_a_result_is_not_edited_twice_by_accident(run):
    run("edit", "photo.png", *REGION, "-o", "out.png", *FAST)
    code, _, err = run("edit", "out.png", "-o", "again.png")
    assert code == 2
    assert "say what to drag" in err
    assert not Path("again.png").exists()


def test_engine_options(run):
    flags = ["--engine-option", "margin=0", "--engine-option", "tear=2.5", "--engine-option", "filler=telea"]
    assert run("edit", "photo.png", *REGION, *flags, "-o", "out.png")[0] == 0


def test_an_existing_output_is_kept_unless_told(run):
    Path("out.png").write_bytes(b"mine")
    code, _, err = run("edit", "photo.png", *REGION, "-o", "out.png", *FAST)
    assert code == 1
    assert "--overwrite" in err
    assert "[exists]" in err
    assert Path("out.png").read_bytes() == b"mine"
    assert run("edit", "photo.png", *REGION, "-o", "out.png", "--overwrite", *FAST)[0] == 0
    assert pixels("out.png").shape == (48, 64, 3)


def test_quiet(run):
    assert run("edit", "photo.png", *REGION, "-o", "out.png", "-q", *FAST) == (0, "", "")


def test_warnings_go_to_stderr(run, monkeypatch):
    from pliant.engines import api

    def warned(picture, edit, **_):
        facts = {"engine": "x", "seed": 0, "timings": {}, "hole_area": 0, "moved_area": 0}
        return [Result(picture=picture, edit=edit, **facts, warnings=["it folds"])]

    monkeypatch.setattr(api, "candidates", warned)
    assert run("edit", "photo.png", *REGION, "-o", "a.png")[2] == "pliant: warning: it folds\n"
    assert run("edit", "photo.png", *REGION, "-o", "b.png", "-q")[2] == ""


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["-o", "out.png"], "say what to drag"),
        (["--drag", "1,2:3,4", "-o", "out.png"], "say what to drag"),
        (["--box", "1,2,9,9", "-o", "out.png"], "say where to"),
        (["--box", "1,2,9,9", "--mask", "mask.png", "--drag", "1,2:3,4", "-o", "o.png"], "one region"),
        (["--box", "1,2,9", "--drag", "1,2:3,4", "-o", "out.png"], "'1,2,9' was given; the form is x0,y0,x1,y1"),
        (["--box", "1,2,9.5,9", "--drag", "1,2:3,4", "-o", "out.png"], "9.5 is not a whole number"),
        (["--polygon", "1,2 3", "--drag", "1,2:3,4", "-o", "out.png"], "'3' was given"),
        ([*REGION[:2], "--drag", "1,2", "-o", "out.png"], "'1,2' was given; the form is x0,y0:x1,y1"),
        ([*REGION[:2], "--drag", "1,2:3,x", "-o", "out.png"], "'1,2:3,x' was given"),
        ([*REGION[:2], "--drag", "1,2:3,nan", "-o", "out.png"], "'1,2:3,nan' was given"),
        ([*REGION, "--pin", "7", "-o", "out.png"], "--pin: '7' was given"),
        ([*REGION, "--edit", "edit.json", "-o", "out.png"], "cannot be mixed with --edit"),
        ([*REGION, "--engine-option", "tear", "-o", "out.png"], "the form is name=value"),
        (
            [*REGION, "--engine-option", "tear=2", "--engine-option", "tear=3", "-o", "out.png"],
            "tear was given twice",
        ),
        (
            [*REGION, "--engine-option", "filler=telea", "--filler", "telea", "-o", "out.png"],
            "filler was given twice",
        ),
        (["--strength", "0.5"], "-o: say where to write"),
        ([*REGION, "--format", "png", "-o", "out.png"], "--format"),
        ([*REGION, "--json", "-o", "-"], "--json"),
        (REGION, "-o: say where to write"),
        ([*REGION, "--strength", "2", "-o", "out.png"], "--strength"),
        ([*REGION, "--edge", "loose", "-o", "out.png"], "--edge"),
        ([*REGION, "--seed", "-1", "-o", "out.png"], "--seed"),
        ([*REGION, "--no-such-flag"], "--no-such-flag"),
    ],
)
def test_bad_usage(run, flags, words):
    code, out, err = run("edit", "photo.png", *flags)
    assert (code, out) == (2, "")
    assert words in err
    assert not Path("out.png").exists()


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["photo.png", "--box", "20,15,40,30", "--drag", "1,1:5,5", "-o", "out.png"], "handle_outside_region"),
        (["photo.png", "--box", "20,15,20,30", "--drag", "1,1:5,5", "-o", "out.png"], "invalid_region"),
        (["photo.png", "--box", "200,15,220,30", "--drag", "1,1:5,5", "-o", "out.png"], "empty_region"),
        (["none.png", *REGION, "-o", "out.png"], "missing_file"),
        (["text.png", *REGION, "-o", "out.png"], "not_a_picture"),
        (["empty.png", *REGION, "-o", "out.png"], "empty_file"),
        (["photo.png", *REGION, "-o", "out.xyz"], "unknown_format"),
        (["photo.png", *REGION, "-o", "none/out.png"], "missing_folder"),
        (["photo.png", "--edit", "none.json", "-o", "out.png"], "missing_file"),
        (["photo.png", "--edit", "text.png", "-o", "out.png"], "not_a_picture"),
        (["photo.png", "--edit", "photo.png", "-o", "out.png"], "no_edit"),
        (["photo.png", "--edit", "broken.json", "-o", "out.png"], "invalid_document"),
        (["photo.png", "--mask", "none.png", "--drag", "1,1:5,5", "-o", "out.png"], "missing_file"),
        (["photo.png", "--mask", "small.png", "--drag", "1,1:5,5", "-o", "out.png"], "size_mismatch"),
        (["photo.png", *REGION, "--engine", "nope", "-o", "out.png"], "unknown_engine"),
        (["photo.png", *REGION, "--filler", "nope", "-o", "out.png"], "unknown_filler"),
        (["photo.png", *REGION, "--deform", "nope", "-o", "out.png"], "unknown_deformer"),
        (["photo.png", *REGION, "--engine-option", "nope=1", "-o", "out.png"], "unknown_option"),
    ],
)
def test_failures_are_one_line_with_a_code(run, argv, code):
    Path("text.png").write_text("not a picture")
    Path("empty.png").touch()
    Path("broken.json").write_text('{"version": 1, "regions": [}')
    pliant.save(pliant.Picture(np.full((5, 5), 255, np.uint8)), "small.png")
    before = set(Path().iterdir())
    exit_code, out, err = run("edit", *argv)
    assert (exit_code, out) == (1, "")
    assert re.fullmatch(rf"pliant: error: [^\n]+ \[{code}\]\n", err)
    assert set(Path().iterdir()) == before


def test_verbose_adds_the_traceback(run):
    code, _, err = run("edit", "none.png", *REGION, "-o", "out.png", "-v")
    assert code == 1
    assert "Traceback" in err
    assert err.endswith("[missing_file]\n")


# ------------------------------------------------------------------------------------- pipes and signals


def test_pipes(folder):
    photo = Path("photo.png").read_bytes()
    done = piped("edit", "-", *REGION, *FAST, "-o", "-", data=photo)
    assert (done.returncode, done.stderr) == (0, b"")
    assert pliant.load(done.stdout).pixels.shape == (48, 64, 3)
    assert done.stdout.startswith(b"\x89PNG")


def test_pipes_with_another_format_and_the_edit_from_stdin(folder):
    document = Path("edit.json").read_bytes()
    done = piped("edit", "photo.png", "--edit", "-", *FAST, "-o", "-", "--format", "jpeg", data=document)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"\xff\xd8\xff")


def test_one_pipe_cannot_be_both(run):
    code, _, err = run("edit", "-", "--edit", "-", "-o", "out.png")
    assert code == 2
    assert "both the photo and the edit" in err


def test_an_empty_pipe(folder):
    done = piped("edit", "-", *REGION, "-o", "-")
    assert done.returncode == 1
    assert b"[empty_file]" in done.stderr
    assert done.stdout == b""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_goes_away(folder):
    command = [sys.executable, "-m", "pliant.cli.main", "schema"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 1


def test_ctrl_c_cancels_and_leaves_no_file(run, monkeypatch):
    from pliant.engines import api

    def interrupted(picture, edit, *, cancel, **_):
        signal.raise_signal(signal.SIGINT)
        cancel.check()
        raise AssertionError("it went on")

    monkeypatch.setattr(api, "candidates", interrupted)
    before = signal.getsignal(signal.SIGINT)
    code, out, err = run("edit", "photo.png", *REGION, "-o", "out.png")
    assert (code, out, err) == (130, "", "pliant: cancelled; nothing was written\n")
    assert not Path("out.png").exists()
    assert signal.getsignal(signal.SIGINT) is before


def test_a_late_ctrl_c_still_writes_nothing(run, monkeypatch):
    from pliant.engines import api

    apply = api.candidates

    def late(*args, **flags):
        result = apply(*args, **flags)
        signal.raise_signal(signal.SIGINT)
        return result

    monkeypatch.setattr(api, "candidates", late)
    assert run("edit", "photo.png", *REGION, *FAST, "-o", "out.png")[0] == 130
    assert not Path("out.png").exists()


def test_a_second_ctrl_c_does_not_wait(run, monkeypatch):
    from pliant.engines import api

    def deaf(*_, **__):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it went on")

    monkeypatch.setattr(api, "candidates", deaf)
    assert run("edit", "photo.png", *REGION, "-o", "out.png")[0] == 130


# --------------------------------------------------------------------------------------------- warp, fill


def test_warp_leaves_the_hole_open(run):
    code, out, err = run("warp", "photo.png", *REGION, "-o", "warped.png", "--hole", "hole.png")
    warped, hole = pixels("warped.png"), pixels("hole.png")
    assert (code, err) == (0, "")
    assert out.startswith("warped.png: 300 pixels moved, ")
    assert warped.shape == (48, 64, 4)
    assert set(np.unique(hole)) == {0, 255}
    assert (warped[17:28, 22:28, 3] == 0).all()
    assert (warped[hole[..., 0] == 0][:, 3] == 255).all()
    np.testing.assert_array_equal(warped[19:34, 30:50, :3], pixels("photo.png")[15:30, 20:40])


def test_warp_of_a_grey_photo(run):
    pliant.save(pliant.Picture(pixels("photo.png")[..., 0]), "grey.png")
    assert run("warp", "grey.png", *REGION, "-o", "warped.png")[0] == 0
    warped = pixels("warped.png")
    assert warped.shape == (48, 64, 2)
    assert (warped[17:28, 22:28, 1] == 0).all()


def test_warp_to_a_jpeg_has_a_white_hole(run):
    assert run("warp", "photo.png", *REGION, "-o", "warped.jpg")[0] == 0
    assert (pixels("warped.jpg")[19:26, 24:26] > 240).all()


def test_warp_shows_the_mesh(run):
    assert run("warp", "photo.png", *REGION, "--show", "mesh", "-o", "mesh.png")[0] == 0
    assert pixels("mesh.png").shape == (48, 64, 3)


def test_warp_and_fill_is_edit(run):
    run("warp", "photo.png", *REGION, "-o", "warped.png", "--hole", "hole.png")
    code, out, err = run("fill", "warped.png", "--hole", "hole.png", "-o", "out.png", "--margin", "0", *FAST)
    assert (code, err) == (0, "")
    assert re.fullmatch(r"out\.png: \d+ pixels painted, [\d.]+ s\n", out)
    filled = pixels("out.png")
    assert (filled[..., 3] == 255).all()
    known = pixels("hole.png")[..., 0] == 0
    np.testing.assert_array_equal(filled[known], pixels("warped.png")[known])


def test_warp_checks_both_outputs_first(run):
    Path("hole.png").write_bytes(b"mine")
    code, _, err = run("warp", "photo.png", *REGION, "-o", "warped.png", "--hole", "hole.png")
    assert code == 1
    assert "[exists]" in err
    assert not Path("warped.png").exists()


def test_fill(run):
    code, out, _ = run("fill", "photo.png", "--hole", "mask.png", "-o", "out.png", "--json", *FAST)
    facts = json.loads(out)
    assert code == 0
    assert facts["hole_area"] == 300
    far = np.ones((48, 64), bool)
    far[11:34, 16:44] = False
    np.testing.assert_array_equal(pixels("out.png")[far], pixels("photo.png")[far])


@pytest.mark.parametrize(
    ("flags", "exit_code", "words"),
    [
        (["-o", "out.png"], 2, "--hole"),
        (["--hole", "mask.png"], 2, "-o: say where to write"),
        (["--hole", "black.png", "-o", "out.png"], 1, "[empty_region]"),
        (["--hole", "white.png", "-o", "out.png"], 1, "[nothing_to_copy]"),
        (["--hole", "small.png", "-o", "out.png"], 1, "[size_mismatch]"),
        (["--hole", "mask.png", "-o", "out.png", "--filler", "nope"], 1, "[unknown_filler]"),
    ],
)
def test_fill_failures(run, flags, exit_code, words):
    for name, shape, value in [("black", (48, 64), 0), ("white", (48, 64), 255), ("small", (4, 4), 255)]:
        pliant.save(pliant.Picture(np.full(shape, value, np.uint8)), f"{name}.png")
    code, _, err = run("fill", "photo.png", *flags)
    assert code == exit_code
    assert words in err
    assert not Path("out.png").exists()


# -------------------------------------------------------------------------------- what there is, what works


SIX = ("inpaint4drag", "regiondrag", "fastdrag", "dragdiffusion", "sdedrag", "diffeditor")


def test_engines(run):
    code, out, _ = run("engines")
    assert code == 0
    for name in ("inpaint4drag", "patchmatch", "telea", "navier-stokes", "rigid", "elastic", "membrane"):
        assert name in out


def test_engines_say_what_they_take_and_need(run):
    lines = run("engines")[1].splitlines()
    of = {name: next(i for i, line in enumerate(lines) if line.startswith(f"  {name} ")) for name in SIX}
    takes = {name: lines[at + 1].strip() for name, at in of.items()}
    needs = {name: lines[at + 2].strip() for name, at in of.items()}
    assert takes["inpaint4drag"] == takes["regiondrag"] == "takes drags, region pairs, a prompt"
    assert {takes[name] for name in SIX[2:]} == {"takes drags, a prompt"}
    assert not needs["inpaint4drag"].startswith("needs")
    assert needs["fastdrag"] == "needs pip install 'pliant[diffusion]', the model sd15, the model lcm-dreamshaper"
    assert all("20" in lines[at] and "(" in lines[at] for at in of.values())  # licence and paper


def test_engines_as_json(run):
    facts = json.loads(run("engines", "--json")[1])
    assert [row["name"] for row in facts["engines"]][:2] == ["inpaint4drag", "regiondrag"]
    assert facts["engines"][0]["options"]["filler"]
    assert facts["engines"][1]["weights"] == ["sd15"]
    assert {row["name"]: row["edge"] for row in facts["deformers"]}["membrane"] == "pinned"


def test_doctor(run):
    code, out, _ = run("doctor", "--json")
    facts = json.loads(out)
    assert code == 0
    assert facts["pliant"] == pliant.__version__
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["missing"] == []
    assert "inpaint4drag" in facts["works"]["engine"]
    assert facts["extras"]["diffusion"]["command"] in (None, "pip install 'pliant[diffusion]'")
    assert Path(facts["compiled_code"]).is_absolute()
    code, out, _ = run("doctor")
    assert code == 0
    assert "fillers that work: patchmatch, telea" in out


def test_doctor_names_what_is_missing(run, monkeypatch):
    monkeypatch.setattr(extras, "requires", lambda _: ["numpy>=2", "no-such-thing>=1", "nope>=2; extra == 'onnx'"])
    code, out, _ = run("doctor")
    assert code == 1
    assert re.search(r"no-such-thing +MISSING", out)
    assert "pip install 'pliant[onnx]'" in out


def test_schema(run):
    from jsonschema import Draft202012Validator

    code, out, err = run("schema")
    assert (code, err) == (0, "")
    Draft202012Validator(json.loads(out)).validate(json.loads(Path("edit.json").read_text()))


def test_version(run):
    assert run("--version") == (0, f"pliant {pliant.__version__}\n", "")


@pytest.mark.parametrize("argv", [["--help"], ["-h"], ["edit", "--help"], ["warp", "-h"], ["fill", "-h"]])
def test_help(run, argv):
    code, out, err = run(*argv)
    assert (code, err) == (0, "")
    assert out.startswith("Usage: pliant")


def test_an_unknown_verb(run):
    code, _, err = run("edti")
    assert code == 2
    assert "edti" in err
