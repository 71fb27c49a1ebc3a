"""`pliant serve` as a process: its address, its end, and what a crash leaves behind."""

import re
import signal
import sys
import threading

import pytest
from served import API, connection, document, photo, picture, process, sent

from pliant import imageio
from pliant.cli.main import main
from pliant.types import Picture


def large() -> bytes:
    return imageio.encode(Picture(picture(size=(900, 700)).pixels), "png")


def slow_document() -> dict[str, object]:
    region = {"box": [100, 100, 500, 500]}
    return {"version": 1, "regions": [{"region": region, "drags": [{"from": [300, 300], "to": [650, 400]}]}]}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_answers_who_waits_and_exits_with_0(number):
    with process() as (server, address), connection(address) as web:
        answers = []

        def ask() -> None:
            with connection(address) as other:
                answers.append(
                    other.post(f"{API}/edit", files=sent(large(), slow_document()), headers={"Prefer": "wait=30"})
                )

        asking = threading.Thread(target=ask)
        asking.start()
        while not any(job["state"] == "running" for job in web.get(f"{API}/jobs").json()):
            assert asking.is_alive()
        server.send_signal(number)
        asking.join(30)
        assert (server.wait(20), server.stderr.read()) == (0, "")
        assert answers[0].status_code == 200
        assert imageio.load(answers[0].content).size == (900, 700)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_crash_in_a_job_leaves_whole_files_only(tmp_path):
    with process("--output-dir", str(tmp_path)) as (server, address), connection(address) as web:
        for number in range(3):
            web.post(f"{API}/edit", files=sent(photo(number), document()), headers={"Prefer": "wait=30"})
        slow = web.post(f"{API}/edit", files=sent(large(), slow_document())).json()
        with web.stream("GET", slow["events_url"]) as flow:
            assert any(line == "event: step" for line in flow.iter_lines())
            server.kill()
        assert server.wait(10) == -signal.SIGKILL
    left = sorted(tmp_path.iterdir())
    assert len(left) == 3
    assert all(re.fullmatch(r"pliant-[\w-]{16}\.png", path.name) for path in left)
    assert all(imageio.load(path).size == (64, 48) for path in left)


def test_a_port_in_use(capfd):
    with process() as (_, address):
        code = main(["serve", "--port", address.rpartition(":")[2]])
    assert code == 1
    assert "[address_unavailable]" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("flags", "code", "said"),
    [
        (["--host", "0.0.0.0"], 1, "[token_required]"),
        (["--token", "short"], 1, "[invalid_setting]"),
        (["--filler", "nothing"], 1, "[unknown_filler]"),
        (["--engine", "nothing"], 1, "[unknown_engine]"),
        (["--device", "abacus"], 1, "[invalid_device]"),
        (["--output-dir", "none"], 1, "[missing_folder]"),
        (["--queue", "0"], 2, "--queue"),
        (["--share"], 2, "--share"),
    ],
)
def test_bad_flags(capfd, flags, code, said):
    assert main(["serve", "--port", "0", *flags]) == code
    assert said in capfd.readouterr().err
