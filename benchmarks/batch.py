"""Many small edits: one at a time, through worker processes and through Ray, undisturbed and with parts killed.

`python benchmarks/batch.py [COUNT [speed] [survival] [size]] > benchmarks/results/batch.md`
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path

from PIL import Image
from ray.cluster_utils import Cluster

import pliant
from pliant.batch.item import edit_of
from pliant.batch.local import Local
from pliant.batch.plan import Plan
from pliant.batch.ray import Ray
from pliant.batch.run import run
from pliant.batch.source import open_source
from pliant.bench.exact.dataset import Exact
from pliant.document import dumps
from pliant.models.device import Runtime
from pliant.types import DragRegion

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "tests"))
from many import kill_a_worker, records, results  # noqa: E402

PLAN = Plan(options={"filler": "telea"})
CPU = Runtime(device="cpu")
PHOTOS = 60


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    parts = sys.argv[2:] or ["speed", "survival", "size"]
    os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        manifest = small_edits(here / "items", count)
        print("# Many edits, measured\n")
        print(
            f"`python benchmarks/batch.py {' '.join(sys.argv[1:])}`: {count} edits of {PHOTOS} photos of "
            f"128 x 128 pixels, default engine, filler `telea`, {os.cpu_count()} cores that other work shared.\n"
        )
        if "speed" in parts:
            speeds(manifest, here, count)
        if "survival" in parts:
            survivals(manifest, here, count)
        if "size" in parts:
            sizes(here)


def small_edits(folder, count):
    """A manifest in which every edit is another: the samples of Exact with a free edge, at several strengths."""
    folder.mkdir()
    data, samples = Exact(PHOTOS * 4, side=128), []
    for index in range(PHOTOS * 4):
        sample = data.make(index)
        if len(samples) < PHOTOS and all(
            isinstance(r, DragRegion) and r.edge == "free" for r in sample.edit.regions
        ):
            pliant.save(sample.picture, folder / f"{len(samples)}.png")
            samples.append(sample.edit)
    lines = []
    for index in range(count):
        edit, strength = samples[index % len(samples)], 1 - index // len(samples) / (count // len(samples) + 2)
        regions = [replace(region, strength=strength) for region in edit.regions]
        document = json.loads(dumps(replace(edit, regions=regions)))
        lines.append(
            json.dumps({"photo": f"{index % len(samples)}.png", "edit": document, "output": f"{index}.png"})
        )
    path = folder / "items.jsonl"
    path.write_text("\n".join(lines))
    return path


# ------------------------------------------------------------------------------------------------------ speed


def speeds(manifest, here, count):
    halves = [here / "items" / f"half{index}.jsonl" for index in range(2)]
    lines = manifest.read_text().splitlines()
    for index, half in enumerate(halves):
        half.write_text("\n".join(lines[index::2]))
    shell_loop(halves[0], here / "warm", 1)
    with cluster() as (made, _):
        ways = {
            "a shell loop of `pliant edit`": lambda half, out: shell_loop(half, out, 5),
            "one process, a loop of `pliant.apply` and `save`": python_loop,
            "`pliant batch`": through(Local(runtimes=[CPU])),
            "`pliant batch --workers 2`": through(Local(runtimes=[CPU] * 2)),
            "`--ray`, 2 nodes of 1 core, a worker on each": through(Ray(address=made.address, workers=2)),
        }
        found = {name: [0, 0.0, 0.0] for name in ways}
        # There and back again, so that a load that rises or falls meanwhile favours nobody.
        for half, order in zip(halves, ([*ways], [*ways][::-1]), strict=True):
            for name in order:
                before, spent = time.perf_counter(), core_seconds()
                done = ways[name](half, here / f"{list(ways).index(name)}-{half.stem}")
                new = done, time.perf_counter() - before, core_seconds() - spent
                found[name] = [old + more for old, more in zip(found[name], new, strict=True)]
    print("| how | items | seconds | items a second | against one process | core seconds an item |")
    print("|---|---|---|---|---|---|")
    items, seconds, _ = found[list(ways)[1]]
    for name, (done, took, cores) in found.items():
        told = "" if "--ray" in name else f"{cores / done:.3f}"
        print(
            f"| {name} | {done} | {took:.1f} | {done / took:.1f} | {done / took * seconds / items:.2f} | {told} |"
        )
    made_by = [[results(here / f"{way}-{half.stem}") for half in halves] for way in range(1, 5)]
    assert all(one == made_by[0] for one in made_by)
    assert sum(map(len, made_by[0])) == count
    print(f"\nThe {count} pictures of the four ways that made them all are the same files, bit for bit. In two")
    print(
        "halves, the ways taken in turn and then in reverse; starting processes is counted, the cluster is not.\n"
    )


def core_seconds():
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def through(executor):
    def way(half, out):
        with redirect_stdout(sys.stderr):
            return run(PLAN, open_source(half), out, executor=executor).done

    return way


def shell_loop(half, folder, count):
    folder.mkdir()
    for item, _ in zip(open_source(half).entries(), range(count), strict=False):
        (folder / "edit.json").write_text(json.dumps(item.edit))
        command = [sys.executable, "-m", "pliant.cli.main", "edit", item.photo, "--edit", folder / "edit.json"]
        subprocess.run([*command, "--filler", "telea", "-q", "-o", folder / item.output], check=True)
    return count


def python_loop(half, folder):
    folder.mkdir()
    done = 0
    for item in open_source(half).entries():
        result = pliant.apply(pliant.load(item.photo), edit_of(item), filler="telea", device="cpu")
        pliant.save(result, folder / item.output)
        done += 1
    return done


# --------------------------------------------------------------------------------------------------- survival


def survivals(manifest, here, count):
    print("| disturbed by | killed | items | records | pictures | as undisturbed | told twice |")
    print("|---|---|---|---|---|---|---|")
    source = open_source(manifest)
    python_loop(manifest, here / "alone")
    wanted = results(here / "alone")
    chance = random.Random(1)

    def report(name, killed, out, told):
        made = results(out)
        twice = len(told) - len(set(told)) if told is not None else "-"
        same = "yes" if made == wanted else "NO"
        print(
            f"| {name} | {killed} | {count} | {len(records(out))} | {len(made)} | {same} | {twice} |", flush=True
        )

    kills, told, disturb = killer(count, 10, lambda: kill_a_worker(chance.choice), chance)
    run(PLAN, source, here / "local", executor=Local(runtimes=[CPU] * 2), on_progress=disturb)
    report("workers killed", kills.count(True), here / "local", told)
    kills = kill_the_command(manifest, here / "torn", 5, chance)
    report("the command killed, and given again", kills, here / "torn", None)
    with cluster() as (made, nodes):
        events = iter(["worker", "node", "back", "worker", "node", "back", "worker"])

        def strike():
            what = next(events)
            if what == "worker":
                return kill_a_worker(chance.choice, "ray::_Actor")
            if what == "node":
                made.remove_node(nodes.pop(), allow_graceful=False)
                return True
            nodes.append(made.add_node(num_cpus=1))
            return None

        kills, told, disturb = killer(count, 7, strike, chance)
        with redirect_stdout(sys.stderr):  # where Ray laments its dead
            run(PLAN, source, here / "ray", executor=Ray(address=made.address, workers=2), on_progress=disturb)
        report("Ray: workers and nodes killed", kills.count(True), here / "ray", told)
    print()


def killer(count, times, strike, chance):
    """A listener that strikes at `times` random items, a random moment after each."""
    moments = set(chance.sample(range(count // 20, count - count // 20), times))
    kills, told = [], []

    def disturb(progress):
        told.append(progress.name)
        if len(told) in moments:
            time.sleep(chance.uniform(0, 0.05))
            kills.append(strike())

    return kills, told, disturb


def kill_the_command(manifest, out, times, chance):
    command = [sys.executable, "-m", "pliant.cli.main", "batch", manifest, "-o", out, "--filler", "telea", "-q"]
    command += ["--workers", "2", "--device", "cpu"]
    total, kills = len(manifest.read_text().splitlines()), 0
    for index in range(times):
        process = subprocess.Popen(list(map(str, command)))
        wanted = total * (index + 1) // (times + 1)
        while process.poll() is None and len(list(out.glob("records/*.json"))) < wanted:
            time.sleep(chance.uniform(0, 0.2))
        process.send_signal(signal.SIGKILL)
        kills += process.wait() == -signal.SIGKILL
    subprocess.run(list(map(str, command)), check=True)
    return kills


@contextmanager
def cluster():
    """Two nodes of one core on this machine, and the list of those that may go."""
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        yield made, [made.add_node(num_cpus=1)]
    finally:
        made.shutdown()


# ------------------------------------------------------------------------------------------------------ sizes


def sizes(here):
    print("The example photo and its edit at several sizes, one worker, default engine and filler:\n")
    print("| photo | items | core seconds an item | cores for a million a day |\n|---|---|---|---|")
    original = Image.open(ROOT / "examples/lighthouse.jpg")
    document = json.loads((ROOT / "examples/lighthouse.json").read_text())
    for side, count in ((512, 24), (1024, 16), (2048, 8)):
        scale = side / max(original.size)
        folder = here / str(side)
        folder.mkdir()
        photo = original.resize([round(length * scale) for length in original.size])
        photo.save(folder / "photo.jpg", quality=92)
        # What a process takes to start is not an item's: it is in both.
        several, one = (cores_for(folder, enlarged(document, scale), some) for some in (count + 1, 1))
        each = (several - one) / count
        print(f"| {photo.width} x {photo.height} | {count} | {each:.3f} | {1e6 * each / 86400:.1f} |", flush=True)


def cores_for(folder, edit, count):
    manifest = folder / f"{count}.jsonl"
    lines = [{"photo": "photo.jpg", "edit": edit | {"seed": seed}} for seed in range(count)]
    manifest.write_text("\n".join(map(json.dumps, lines)))
    before = core_seconds()
    run(Plan(), open_source(manifest), folder / str(count), executor=Local(runtimes=[CPU]))
    return core_seconds() - before


def enlarged(value, scale):
    """A document without masks, with all its coordinates times `scale`."""
    if isinstance(value, dict):
        kept = {"version", "strength", "seed"}
        made = {name: child if name in kept else enlarged(child, scale) for name, child in value.items()}
        made.pop("size", None)
        return made
    if isinstance(value, list):
        return [enlarged(child, scale) for child in value]
    return value * scale if isinstance(value, int | float) else value


if __name__ == "__main__":
    main()
