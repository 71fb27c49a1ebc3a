"""What README and docs/cli.md show is what there is."""

import re
import shlex
from pathlib import Path

import numpy as np
import pytest
import typer.main

import pliant
from pliant.cli.main import app, main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CLI = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def flat(commands: dict, prefix: str = "") -> dict:
    """Every verb by its full name, also those below another: `models get`."""
    found = {}
    for name, command in commands.items():
        found[prefix + name] = command
        found |= flat(getattr(command, "commands", {}), f"{prefix}{name} ")
    return found


VERBS = flat(typer.main.get_command(app).commands)


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


@pytest.fixture
def photo(tmp_path, monkeypatch):
    """A folder with what the README's examples name."""
    monkeypatch.chdir(tmp_path)
    y, x = np.mgrid[0:300, 0:400]
    picture = pliant.Picture(np.stack([x % 256, y % 256, (x + y) % 256], axis=2).astype(np.uint8))
    pliant.save(picture, "photo.jpg")
    mask = np.zeros((300, 400), np.uint8)
    mask[90:230, 140:280] = 255
    pliant.save(pliant.Picture(mask), "head.png")
    region = pliant.DragRegion(pliant.Rectangle(140, 90, 280, 230), [pliant.Drag((210, 140), (230, 130))])
    pliant.save_edit(pliant.Edit([region]), "edit.json")


@pytest.mark.usefixtures("photo")
def test_the_readme_runs_in_python():
    (code,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert Path("out.png").exists()
    assert names["frame"].size == (400, 300)


@pytest.mark.usefixtures("photo")
def test_the_readme_runs_on_the_command_line(capsys):
    lines = [line for line in blocks("sh")[2].splitlines() if line.startswith("pliant ")]
    assert len(lines) == 5
    for line in lines:
        code = main([*shlex.split(line)[1:], *(["--overwrite"] if " -o " in line else [])])
        assert code == 0, (line, capsys.readouterr().err)
    assert all(Path(name).exists() for name in ("out.png", "half.png", "mesh.png"))


def test_the_set_up_is_two_commands():
    section = re.search(r"^## Set up$(.*?)^## ", README, flags=re.DOTALL | re.MULTILINE)
    assert section is not None
    assert [block.strip().count("\n") for block in re.findall(r"```sh\n(.*?)```", section[1], re.DOTALL)] == [0, 0]
    for name in re.findall(r"examples/\S+", section[1]):
        assert (ROOT / name).is_file()


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_flag_is_documented(verb):
    assert f"## `pliant {verb}" in CLI
    options = [name for p in VERBS[verb].params for name in p.opts if name.startswith("--")]
    assert [name for name in options if f"`{name}" not in CLI and f"{name}`" not in CLI and name != "--help"] == []


def test_every_documented_flag_exists():
    known = {name for verb in VERBS.values() for p in verb.params for name in p.opts}
    assert set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", CLI)) <= known | {"--version", "--help"}


@pytest.fixture
def lighthouse(tmp_path, monkeypatch):
    """A folder in which the guide's photo is the example."""
    monkeypatch.chdir(tmp_path)
    Path("photo.jpg").write_bytes((ROOT / "examples" / "lighthouse.jpg").read_bytes())


GUIDE = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")


@pytest.mark.usefixtures("lighthouse")
def test_the_guide_runs_on_the_command_line(capsys):
    lines = [line.split("#")[0].strip() for line in re.findall(r"^    (pliant .*)$", GUIDE, flags=re.MULTILINE)]
    assert len(lines) == 5
    for line in lines:
        command, _, file = line.partition(" > ")
        capsys.readouterr()
        assert main([*shlex.split(command)[1:], *(["--overwrite"] if " -o " in command else [])]) == 0, line
        if file:
            Path(file).write_text(capsys.readouterr().out, encoding="utf-8")
    assert pliant.load("weaker.png").size == pliant.load("photo.jpg").size


@pytest.mark.usefixtures("lighthouse")
def test_the_guide_runs_in_python():
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, flags=re.DOTALL)
    exec(compile(code, "guide.md", "exec"), {})
    assert Path("out.png").exists()
