"""DragDiffusion on a drawn scene, with the small model that was trained on such."""

from pathlib import Path

from tools.shapes.drags import cases, score

import pliant

FOLDER = Path(__file__).parents[1] / "shapes"


def test_a_thing_is_found_nearer_to_its_target():
    """With nothing learned beforehand, to save time; a wider patch takes more of the thing along."""
    case = cases(3)[2]
    before = score(case, case.before.pixels)
    result = pliant.apply(
        case.before,
        case.dragged(),
        engine="dragdiffusion",
        model=str(FOLDER),
        lora=0,
        r1=3,
        device="cpu",
        dtype="float32",
    )
    after = score(case, result.picture.pixels)
    assert after.distance < before.distance / 2
    assert after.cleared > before.cleared + 3
