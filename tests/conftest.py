import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of real pictures and weights; tests that need it are skipped where it is absent."""
    default = Path(__file__).parents[2] / "shared" / "assets"
    folder = Path(os.environ.get("PLIANT_ASSETS", default))
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder}; set PLIANT_ASSETS to where the test pictures are")
    return folder
