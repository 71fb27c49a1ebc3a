"""The rules of the house: which way imports go, what stays light, which names are public."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import pliant
from pliant.engines.base import ENGINES
from pliant.fill.base import FILLERS
from pliant.warp.deform import DEFORMERS

PACKAGE = Path(pliant.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
PUBLIC_NAMES = Path(__file__).with_name("public_names.txt")

# docs/architecture.md says why. A module may import its own package and anything on a line above its own.
RANKS = [
    {"errors", "compiled"},
    {"files", "geometry", "registry"},
    {"crops", "layer"},
    {"types"},
    {"events"},
    {"document", "imageio"},
    {"regions"},
    {"warp"},
    {"fill"},
    {"compose"},
    {"engines"},
    {"batch"},
    {"bench", "serve"},
    {"cli"},
]
RANK_OF = {name: rank for rank, names in enumerate(RANKS) for name in names}
SIDE_SHELVES = {"models": {"regions", "fill", "engines", "batch", "bench", "cli", "serve"}}

HEAVY = ["huggingface_hub", "torch", "diffusers", "transformers", "onnxruntime", "ray", "fastapi", "uvicorn"]


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(path: Path) -> set[str]:
    """The dotted names inside `pliant` that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{dotted(path)} has a relative import"
            module = node.module or ""
            found |= {f"pliant.{alias.name}" for alias in node.names} if module == "pliant" else {module}
    return {name.removeprefix("pliant.") for name in found if name.split(".")[0] == "pliant" and name != "pliant"}


def test_every_part_has_a_rank():
    parts = {dotted(path).split(".")[0] for path in MODULES} - {""}
    assert parts <= RANK_OF.keys() | SIDE_SHELVES.keys()


@pytest.mark.parametrize("path", [p for p in MODULES if dotted(p)], ids=dotted)
def test_imports_go_one_way(path):
    part = dotted(path).split(".")[0]
    for name in imported(path) - {"__version__"}:
        other = name.split(".")[0]
        if other in SIDE_SHELVES:
            assert part == other or part in SIDE_SHELVES[other], f"{part} may not import {name}"
        elif part in SIDE_SHELVES:
            assert RANK_OF[other] <= RANK_OF["events"], f"{part} may not import {name}"
        elif other != part:
            equal = {part, other} == {"document", "imageio"}
            assert equal or RANK_OF[other] < RANK_OF[part], f"{part} may not import {name}"


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_imports_without_the_heavy_packages():
    run_python(
        f"""
import importlib, sys
for name in {HEAVY}:
    sys.modules[name] = None
for name in ["pliant", "pliant.cli.main", "pliant.engines.base", "pliant.engines.api", "pliant.fill.base"]:
    importlib.import_module(name)
import pliant
for name in pliant.__all__:
    getattr(pliant, name)
"""
    )


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("pliant", ["numpy", "PIL", "cv2", "numba", "pydantic", "typer", "huggingface_hub"]),
        ("pliant.cli.main", ["numpy", "PIL", "cv2", "numba", "pydantic", "rich", "huggingface_hub"]),
    ],
)
def test_stays_light(module, absent):
    assert run_python(f"import sys, {module}; print([n for n in {absent} if n in sys.modules])") == "[]\n"


def test_public_names_do_not_change_unnoticed():
    assert sorted(pliant.__all__) == PUBLIC_NAMES.read_text(encoding="utf-8").split()


def test_every_public_name_is_there_and_documented():
    for name in pliant.__all__:
        value = getattr(pliant, name)
        assert value.__doc__, name
        assert name in dir(pliant)


def test_public_names_are_told_to_type_checkers():
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in guarded.body if isinstance(node, ast.ImportFrom)]
    told = {alias.asname or alias.name for node in imports for alias in node.names}
    assert told == set(pliant.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = pliant.nonsense


@pytest.mark.parametrize("path", MODULES, ids=lambda path: dotted(path) or "pliant")
def test_files_stay_short(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


@pytest.mark.parametrize("name", ENGINES.names())
def test_engines_declare_themselves(name):
    info = ENGINES.get(name).info
    assert info.name == name
    assert info.summary
    assert info.licence
    assert info.paper
    assert all(info.options.values())


@pytest.mark.parametrize("name", FILLERS.names())
def test_fillers_declare_themselves(name):
    info = FILLERS.get(name)().info
    assert info.name == name
    assert info.summary
    assert info.licence


@pytest.mark.parametrize("name", DEFORMERS.names())
def test_deformers_declare_themselves(name):
    make = DEFORMERS.get(name)
    assert make.edge in ("free", "pinned")
    assert make.summary
