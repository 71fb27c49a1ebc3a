"""`pliant bench` as a person or a script meets it."""

import json

import pytest

from pliant.bench.exact.dataset import Exact
from pliant.cli.main import main
from pliant.imageio import load

RUN = ["bench", "run", "--data", "exact:count=3,side=64", "--engine", "no-op", "--engine", "inpaint4drag"]


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "out"
    assert main([*RUN, "-o", str(folder)]) == 0
    return folder


def test_run_says_what_it_did(out, capsys):
    assert main([*RUN, "-o", str(out), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"output": str(out), "done": 0, "failed": 0, "skipped": 0, "kept": 6}
    assert "the truth is exact" in said.err


@pytest.mark.parametrize("format", ["markdown", "csv", "latex", "json"])
def test_report_in_every_format(out, format, tmp_path, capsys):
    assert main(["bench", "report", str(out), "--format", format]) == 0
    text = capsys.readouterr().out
    assert "EPE" in text or "epe" in text
    assert main(["bench", "report", str(out), "--format", format, "-o", str(tmp_path / "t")]) == 0
    assert (tmp_path / "t").read_text(encoding="utf-8") == text
    assert main(["bench", "report", str(out), "-o", str(tmp_path / "t")]) == 1
    assert "[exists]" in capsys.readouterr().err


def test_report_compares_and_writes_the_gallery(out, capsys):
    assert (
        main(["bench", "report", str(out), "--by", "all", "--against", "no-op", "--gallery", "--sort", "psnr"])
        == 0
    )
    said = capsys.readouterr()
    assert "Difference to *no-op*" in said.out
    assert "gallery.html" in said.err
    assert (out / "gallery.html").is_file()


def test_list(capsys):
    assert main(["bench", "list", "--json"]) == 0
    kinds = json.loads(capsys.readouterr().out)
    assert "deformers-fillers" in kinds["plans"]
    assert "inpaint4drag-2025" in kinds["protocols"]
    assert "no-op" in kinds["baselines"]
    assert main(["bench", "list"]) == 0
    assert "plans:" in capsys.readouterr().out


def test_data_check_convert_and_show(tmp_path, capsys):
    assert main(["bench", "data", "check", "exact:count=2,side=64", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["whole"] == 2
    assert main(["bench", "data", "convert", "exact:count=2,side=64", "-o", str(tmp_path / "d")]) == 0
    assert main(["bench", "data", "check", str(tmp_path / "d")]) == 0
    assert "2 samples" in capsys.readouterr().out
    name = Exact(2, side=64).samples[1].name
    assert main(["bench", "data", "show", str(tmp_path / "d"), name, "-o", str(tmp_path / "s.png")]) == 0
    assert load(tmp_path / "s.png").size.height == 64


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--shard", "1"], 2, "1/4"),
        (["--shard", "3/2"], 1, "1 <= i <= n"),
        (["--filler", "telea"], 2, "name exactly one"),
        (["--protocol", "nonsense"], 1, "unknown_protocol"),
        (["--plan", "nonsense"], 1, "unknown_plan"),
        (["--data", "exact:size=3"], 1, "exact:count=300"),
        (["--data", "nowhere"], 1, "nowhere"),
    ],
)
def test_misuse_is_said_in_one_line(flags, code, said, tmp_path, capsys):
    assert main([*RUN, *flags, "-o", str(tmp_path / "out")]) == code
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_one_engine_with_its_options_has_a_telling_name(tmp_path, capsys):
    flags = ["--engine", "inpaint4drag", "--filler", "telea", "--deform", "spline", "--edge", "free"]
    assert main(["bench", "run", "--data", "exact:count=1,side=64", *flags, "-o", str(tmp_path / "o"), "-q"]) == 0
    assert main(["bench", "report", str(tmp_path / "o")]) == 0
    assert "inpaint4drag filler=telea deform=spline edge=free" in capsys.readouterr().out


def test_a_run_of_something_else_is_not_mixed_in(out, capsys):
    assert main([*RUN, "--seed", "1", "-o", str(out)]) == 1
    assert "[other_run]" in capsys.readouterr().err


def test_reporting_nothing_is_said(tmp_path, capsys):
    assert main(["bench", "report", str(tmp_path)]) == 1
    assert "[missing_file]" in capsys.readouterr().err


def test_data_that_cannot_be_shown_is_said(tmp_path, capsys):
    assert main(["bench", "data", "show", "exact:count=2,side=64", "nobody", "-o", str(tmp_path / "s.png")]) == 1
    assert "[unknown_sample]" in capsys.readouterr().err
