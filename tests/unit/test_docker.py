"""The image and the compose file name what there is, and hold what they promise; nothing is built here."""

import fnmatch
import json
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from served import serving

from pliant.cli.main import main

ROOT = Path(__file__).parents[2]
TOKEN = "0123456789abcdef"

Instruction = tuple[str, str]


def instructions() -> list[Instruction]:
    """The Dockerfile, an instruction each, with continued lines joined."""
    text = "\n".join(line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#"))
    lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]
    return [(word, rest) for word, rest in (line.split(" ", 1) for line in lines)]


def stages() -> list[list[Instruction]]:
    found: list[list[Instruction]] = []
    for instruction in instructions():
        if instruction[0] == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def only(stage: list[Instruction], word: str) -> str:
    (rest,) = [rest for name, rest in stage if name == word]
    return rest


FINAL = stages()[-1]
ENVIRONMENT = dict(part.split("=", 1) for part in shlex.split(only(FINAL, "ENV")))


def test_the_base_is_pinned():
    base = dict(rest.split("=", 1) for word, rest in instructions() if word == "ARG")["BASE"]
    assert re.fullmatch(r"python:3\.\d+-slim-\w+", base)
    needed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert tuple(map(int, base.split(":")[1].split("-")[0].split("."))) >= tuple(map(int, needed[2:].split(".")))
    assert [only(stage, "FROM").split()[0] for stage in stages()] == ["${BASE}", "${BASE}"]


def test_what_is_copied_is_there_and_travels():
    kept, ignored = [], []
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            (kept if line.startswith("!") else ignored).append(line.lstrip("!"))
    assert ignored[0] == "*"
    copied = [part for word, rest in stages()[0] if word == "COPY" for part in rest.split()[:-1]]
    assert sorted(copied) == sorted(kept)
    assert all((ROOT / name).exists() for name in copied)
    assert any(fnmatch.fnmatch("src/pliant/__pycache__", pattern) for pattern in ignored[1:])


def test_the_extras_exist():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = [rest.split("=")[1] for word, rest in instructions() if word == "ARG" and rest.startswith("EXTRAS=")]
    asked += re.findall(r"EXTRAS: (\S+)", (ROOT / "compose.yaml").read_text())
    assert len(asked) == 2
    assert {name for each in asked for name in each.split(",")} <= project["optional-dependencies"].keys()


def test_it_does_not_run_as_root_and_writes_to_its_volumes_alone():
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", only(FINAL, "USER"))
    volumes = json.loads(only(FINAL, "VOLUME"))
    assert [word for word, _ in FINAL].index("USER") < [word for word, _ in FINAL].index("CMD")
    for name in ("HOME", "HF_HOME", "NUMBA_CACHE_DIR"):
        assert any(ENVIRONMENT[name].startswith(volume) for volume in volumes)
    command = json.loads(only(FINAL, "CMD"))
    assert command[command.index("--output-dir") + 1] in volumes
    assert any(word == "RUN" and all(volume in rest.split() for volume in volumes) for word, rest in FINAL)


@pytest.fixture
def command(tmp_path, monkeypatch):
    """What the image runs, with a folder of the test in place of its volume."""
    for name in ("PLIANT_TOKEN", "PLIANT_LOG_LEVEL", "PLIANT_DEVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PLIANT_PORT", "0")
    assert json.loads(only(FINAL, "ENTRYPOINT")) == ["pliant"]
    return [str(tmp_path) if part == "/results" else part for part in json.loads(only(FINAL, "CMD"))]


def test_without_a_token_it_does_not_start(command, capfd):
    assert main(command) == 1
    assert "[token_required]" in capfd.readouterr().err


def test_with_one_it_serves_and_never_says_it(command, monkeypatch, capfd):
    seen: list[tuple[Any, ...]] = []
    monkeypatch.setenv("PLIANT_TOKEN", TOKEN)
    monkeypatch.setattr("pliant.serve.server.run", lambda *args, **options: seen.append((*args, options)))
    assert main(command) == 0
    ((settings, _, options),) = seen
    assert (settings.token, settings.host, options["log_format"]) == (TOKEN, "0.0.0.0", "json")
    assert TOKEN not in "".join(capfd.readouterr())


def test_the_health_check_tells_a_server_from_none():
    (check,) = [rest for word, rest in FINAL if word == "HEALTHCHECK"]
    python, flag, code = json.loads(check[check.index("[") :])
    assert (python, flag) == ("python", "-c")
    assert only(FINAL, "EXPOSE") in code
    with serving() as (address, _):
        code = code.replace(f"http://127.0.0.1:{only(FINAL, 'EXPOSE')}", address)
        exec(code, {})
    with pytest.raises(OSError, match="refused|reset"):
        exec(code, {})


def test_the_compose_file_gives_nothing_away():
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert services.keys() == {"pliant", "pliant-gpu"}
    for service in services.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["user"] == only(FINAL, "USER")
        assert service["environment"]["PLIANT_TOKEN"].startswith("${PLIANT_TOKEN:?")
        assert all(port.startswith("127.0.0.1:") and port.endswith(":7860") for port in service["ports"])
        assert [volume.split(":")[1] for volume in service["volumes"]] == json.loads(only(FINAL, "VOLUME"))
        assert service["tmpfs"][0].startswith("/tmp:")
