"""Doing nothing, every deformer with every filler that needs no model, the paper's warps and the default.

    python benchmarks/bench.py --weights NETWORKS --data VFD --data DRAGBENCH -o RUNS

On 216 samples of *Exact* with the protocol `perception`, and on the data sets given with `pliant`, which adds MD.
NETWORKS is the folder with the metrics' networks. RUNS keeps the records and pictures, so that the command can be
stopped and goes on; `pliant bench report RUNS/exact --gallery` shows them. The table goes to
`benchmarks/results/bench.md`.
"""

import argparse
import io
import platform
from contextlib import redirect_stdout
from pathlib import Path

from pliant.cli.main import main as pliant

RESULTS = Path(__file__).parent / "results" / "bench.md"
PLANS = ["--plan", "deformers-fillers", "--plan", "warp", "--plan", "default"]
PAPER = "bidirectional, paper"


def run(folder, data, protocol, asked):
    named = [flag for name in data for flag in ("--data", name)]
    where = ["--weights", asked.weights] if asked.weights else []
    flags = ["--protocol", protocol, *where, "--workers", str(asked.workers), "-o", str(folder)]
    if pliant(["bench", "run", *named, *PLANS, *flags]):
        raise SystemExit(f"The run in {folder} failed.")


def table(folder):
    text = io.StringIO()
    with redirect_stdout(text):
        pliant(["bench", "report", str(folder), "--against", PAPER])
    return text.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", action="append", default=[], help="a data set; repeatable")
    parser.add_argument("--weights", help="the folder with the metrics' networks")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    runs = {"exact": (["exact:count=216"], "perception")}
    if asked.data:
        runs["data"] = (asked.data, "pliant")
    for name, (data, protocol) in runs.items():
        run(asked.output / name, data, protocol, asked)
    tables = "\n".join(table(asked.output / name) for name in runs)
    head = (
        f"# Bench\n\n`python benchmarks/bench.py` makes these tables. {platform.machine()}, CPU, {asked.workers} "
        "processes, on a machine with\nother work to do: seconds are to be compared with one another at most.\n\n"
    )
    RESULTS.write_text(head + tables, encoding="utf-8")


if __name__ == "__main__":
    main()
