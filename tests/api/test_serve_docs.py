"""docs/http.md tells what there is: routes, codes, events, and examples that run."""

import re
from pathlib import Path
from typing import get_args

import pytest
import typer.main
from served import document, photo, picture, serving

import pliant
from pliant.cli.main import app
from pliant.serve import problems
from pliant.serve.app import create_app
from pliant.serve.job import Kind
from pliant.serve.schemas import EditForm, FillForm

ROOT = Path(__file__).parents[2]
HTTP = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")


def test_every_route_is_documented():
    for path, methods in create_app().openapi()["paths"].items():
        short = path.removeprefix("/api/v1")
        for method in methods:
            assert f"`{method.upper()} {short}`" in HTTP or (f"`{short}`" in HTTP and method == "get"), path
    assert "`WS /preview`" in HTTP


def test_every_field_event_and_code_is_documented():
    names = {*EditForm.model_fields, *FillForm.model_fields, *get_args(Kind)}
    codes = {code for code, status in problems._STATUS_OF_CODE.items()}
    assert [name for name in sorted(names | codes) if f"`{name}`" not in HTTP] == []


def test_every_flag_that_it_names_exists():
    known = {name for option in typer.main.get_command(app).commands["serve"].params for name in option.opts}
    assert set(re.findall(r"`(--[a-z-]+)`", HTTP)) <= known


@pytest.mark.parametrize("number", [0, 1])
def test_the_examples_run(number, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("photo.png").write_bytes(photo())
    wanted = document() if number == 0 else document(size=[400, 300])
    Path("edit.json").write_text(str(wanted).replace("'", '"'))
    code = re.findall(r"```python\n(.*?)```", HTTP, flags=re.DOTALL)[number]
    with serving() as (address, _):
        code = code.replace("127.0.0.1:7860", address.removeprefix("http://"))
        exec(compile(code, "http.md", "exec"), {})
    said = capsys.readouterr().out
    if number == 0:
        assert "event: done" in said
        assert pliant.load("out.png").size == picture().size
    else:
        assert '"opened"' in said
        assert "[[" in said
