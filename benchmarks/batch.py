"""Many small edits: one at a time, through worker processes and through Ray, undisturbed and with parts killed.

`python benchmarks/batch.py [COUNT] > benchmarks/results/batch.md`
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path

import numpy as np
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
    os.environ |= {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        manifest = small_edits(here / "items", count)
        print("# Many edits, measured\n")
        print(
            f"`python benchmarks/batch.py {count}`: {count} edits of {PHOTOS} photos of 128 x 128 pixels, default "
            f"engine, filler `telea`, {os.cpu_count()} cores that other work shared, so that rates are to be "
            "compared with one another and not with those of an idle machine.\n"
        )
        speeds(manifest, here, count)
        survivals(manifest, here, count)
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
    source = open_source(manifest)
    shell_loop(source, here / "warm", 1)
    naive = shell_loop(source, here / "naive", 30)
    print("| how | items | seconds | items a second | against one process |\n|---|---|---|---|---|")
    alone, seconds = python_loop(source, here / "alone")
    base = count / seconds
    row("a shell loop of `pliant edit`", 30, naive, base)
    row("one process, a loop of `pliant.apply` and `save`", count, seconds, base)
    for name, executor in (
        ("`pliant batch`, 1 worker", Local(runtimes=[CPU])),
        ("`pliant batch --workers 2`", Local(runtimes=[CPU] * 2)),
    ):
        start = time.perf_counter()
        out = here / f"speed{len(executor.runtimes)}"
        done = run(PLAN, source, out, executor=executor)
        row(name, done.done, time.perf_counter() - start, base)
        assert results(out) == alone
    with cluster() as (made, _):
        start = time.perf_counter()
        done = run(PLAN, source, here / "speedray", executor=Ray(address=made.address, workers=2))
        row("`--ray`, 2 nodes of 1 core, a worker on each", done.done, time.perf_counter() - start, base)
        assert results(here / "speedray") == alone
    print(f"\nThe {count} pictures of the four ways that made them all are the same files, bit for bit. ", end="")
    print("Starting the processes is in the seconds; starting the cluster is not.\n", flush=True)


def shell_loop(source, folder, count):
    folder.mkdir()
    start = time.perf_counter()
    for item, _ in zip(source.entries(), range(count), strict=False):
        (folder / "edit.json").write_text(json.dumps(item.edit))
        command = [sys.executable, "-m", "pliant.cli.main", "edit", item.photo, "--edit", folder / "edit.json"]
        subprocess.run([*command, "--filler", "telea", "-q", "-o", folder / item.output], check=True)
    return time.perf_counter() - start


def python_loop(source, folder):
    folder.mkdir()
    start = time.perf_counter()
    for item in source.entries():
        result = pliant.apply(pliant.load(item.photo), edit_of(item), filler="telea", device="cpu")
        pliant.save(result, folder / item.output)
    seconds = time.perf_counter() - start
    return results(folder), seconds


def row(name, count, seconds, base):
    rate = count / seconds
    print(f"| {name} | {count} | {seconds:.1f} | {rate:.1f} | {rate / base:.2f} |", flush=True)


# --------------------------------------------------------------------------------------------------- survival


def survivals(manifest, here, count):
    print("| disturbed by | killed | items | records | pictures | as undisturbed | told twice |")
    print("|---|---|---|---|---|---|---|")
    source, wanted = open_source(manifest), results(here / "alone")
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
    print("| photo | items | seconds of work each | items a core and day |\n|---|---|---|---|")
    for side in (512, 1024, 2048):
        folder = here / str(side)
        folder.mkdir()
        picture = Image.open(ROOT / "examples/lighthouse.jpg")
        scale = side / max(picture.size)
        picture.resize([round(length * scale) for length in picture.size]).save(folder / "photo.jpg", quality=92)
        count = {512: 24, 1024: 16, 2048: 8}[side]
        edit = enlarged(json.loads((ROOT / "examples/lighthouse.json").read_text()), scale)
        lines = [{"photo": "photo.jpg", "edit": edit | {"seed": seed}} for seed in range(count)]
        (folder / "items.jsonl").write_text("\n".join(map(json.dumps, lines)))
        run(Plan(), open_source(folder / "items.jsonl"), folder / "out", executor=Local(runtimes=[CPU]))
        # The first item of a process loads compiled code.
        times = sorted(record["timings"]["total"] for record in records(folder / "out").values())[:-1]
        each = float(np.mean(times))
        width, height = Image.open(folder / "photo.jpg").size
        print(f"| {width} x {height} | {count} | {each:.2f} | {86400 / each:,.0f} |", flush=True)
        shutil.rmtree(folder)


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
