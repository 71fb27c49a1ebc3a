"""The compiled inner loops of PatchMatch: compare two patches, improve the field, vote for colours.

Everything is flat: a picture `(H, W, 4)` is uint8 of length `4 H W`, and a place is the integer `y W + x`, so a
step to the right is + 1 and a step down is + W. Callers keep every patch inside the array.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pliant.compiled import compiled, inlined

Array = NDArray[Any]

REACH = 3  # a patch spans 2 * REACH + 1 pixels each way
SIDE = 2 * REACH + 1


@inlined
def patch_distance(image: Array, width: int, target: Any, source: Any, limit: Any) -> Any:
    """Sum of squared differences of two patches; the count stops early once it reaches `limit`."""
    corner = REACH * width + REACH
    # unsigned, so that no index is checked for being negative
    a = np.uint64(4 * (target - corner))
    b = np.uint64(4 * (source - corner))
    total = np.int32(0)
    for _ in range(SIDE):
        part = np.int32(0)
        for k in range(4 * SIDE):
            difference = np.int32(image[a + np.uint64(k)]) - np.int32(image[b + np.uint64(k)])
            part += difference * difference
        total += part
        if total >= limit:
            break
        a += np.uint64(4 * width)
        b += np.uint64(4 * width)
    return total


@inlined
def next_random(state: int) -> int:
    """Xorshift (Marsaglia 2003), 32 bit."""
    state = (state ^ (state << 13)) & 0xFFFFFFFF
    state ^= state >> 17
    return (state ^ (state << 5)) & 0xFFFFFFFF


@compiled
def improve(
    image: Array,
    width: int,
    targets: Array,
    field: Array,
    cost: Array,
    usable: Array,
    radius: int,
    seed: int,
    backward: bool,
) -> None:
    """One sweep over `targets`: take over what the neighbours found, then look around at random.

    `field` (int32, -1 where there is no target) says which `usable` place each target resembles most, `cost` how
    much they differ. The random search starts within `radius` pixels and halves down to one.
    """
    state = next_random((seed * 2654435761 + 97) & 0xFFFFFFFF) | 1
    height = image.size // (4 * width)
    sign = -1 if backward else 1
    count = targets.size
    for i in range(count):
        target = targets[count - 1 - i] if backward else targets[i]
        best = field[target]
        least = patch_distance(image, width, target, best, 2147483647)
        for axis in range(2):
            step = sign if axis == 0 else sign * width
            found = field[target - step]
            if found >= 0:
                source = found + step
                if source != best and usable[source]:
                    distance = patch_distance(image, width, target, source, least)
                    if distance < least:
                        best, least = source, distance
        r = radius
        while r >= 1:
            state = next_random(state)
            y = best // width + state % (2 * r + 1) - r
            state = next_random(state)
            x = best % width + state % (2 * r + 1) - r
            r //= 2
            if 0 <= y < height and 0 <= x < width:
                source = y * width + x
                if usable[source]:
                    distance = patch_distance(image, width, target, source, least)
                    if distance < least:
                        best, least = source, distance
        field[target] = best
        cost[target] = least


@compiled
def vote(image: Array, width: int, painted: Array, field: Array, weight: Array) -> None:
    """Paint each of `painted` in place: the mean of what the patches over it would put there, by `weight`."""
    for i in range(painted.size):
        place = painted[i]
        red = np.float32(0)
        green = np.float32(0)
        blue = np.float32(0)
        fourth = np.float32(0)
        total = np.float32(0)
        for dy in range(-REACH, REACH + 1):
            for dx in range(-REACH, REACH + 1):
                step = dy * width + dx
                share = weight[place - step]
                if share > 0:
                    at = 4 * (field[place - step] + step)
                    total += share
                    red += share * np.float32(image[at])
                    green += share * np.float32(image[at + 1])
                    blue += share * np.float32(image[at + 2])
                    fourth += share * np.float32(image[at + 3])
        if total > 0:
            half = np.float32(0.5)
            image[4 * place] = np.uint8(red / total + half)
            image[4 * place + 1] = np.uint8(green / total + half)
            image[4 * place + 2] = np.uint8(blue / total + half)
            image[4 * place + 3] = np.uint8(fourth / total + half)
