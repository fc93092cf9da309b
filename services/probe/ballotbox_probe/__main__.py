"""The program: tries targets from standard input, or listens, or waits to be used.

python -m ballotbox_probe [--timeout SECONDS] [JSON]    try; without JSON one line of it comes by standard input
python -m ballotbox_probe serve                         answer each line of standard input, an object with targets
python -m ballotbox_probe watch SECONDS JSON            try one target again and again, a line each time
python -m ballotbox_probe listen 8080/TCP 8053/UDP      answer on ports
python -m ballotbox_probe wait [SECONDS]                do nothing: a container to run the first form in
"""

from __future__ import annotations

import signal
import sys
from typing import NoReturn

from ballotbox_probe.attempts import attempt_all
from ballotbox_probe.listener import bind, read_port, serve
from ballotbox_probe.targets import (
    DEFAULT_TIMEOUT_S,
    MAX_TIMEOUT_S,
    InputError,
    read_request,
    read_targets,
    write_answers,
    write_error,
)
from ballotbox_probe.watching import watch

DEFAULT_WAIT_S = 3600
READY = '{"ready": true}'


def main(argv: list[str]) -> int:
    """Run one of the three forms; 2 means that the input makes no sense."""
    try:
        match argv:
            case ["listen", *ports] if ports:
                _end_on_signals()
                sockets = bind([read_port(port) for port in ports])
                _tell(f"listening {' '.join(ports)}")
                serve(sockets)
            case ["wait", *rest]:
                _end_on_signals()
                signal.alarm(_seconds(rest))
                while True:
                    signal.pause()
            case ["serve"]:
                _serve()
            case ["watch", seconds, text]:
                _end_on_signals()
                return _watch(_timeout(seconds, "watch"), text)
            case ["--timeout", seconds, *rest]:
                return _probe(rest, _timeout(seconds, "--timeout"))
            case _:
                return _probe(argv, DEFAULT_TIMEOUT_S)
    except InputError as error:
        sys.stderr.write(f"ballotbox_probe: {error}\n")
        return 2
    return 0


def _probe(argv: list[str], timeout_s: float) -> int:
    if len(argv) > 1:
        raise InputError(f"expected one JSON list of targets, found {len(argv)} arguments")
    answers = attempt_all(read_targets(argv[0] if argv else sys.stdin.readline()), timeout_s)
    _tell(write_answers(answers))
    return 0


def _serve() -> None:
    """Answer a line for each line that comes, until the input ends; the first line out says that it is there."""
    _tell(READY)
    for line in sys.stdin:
        try:
            targets, timeout_s = read_request(line)
            _tell(write_answers(attempt_all(targets, timeout_s)))
        except InputError as error:
            _tell(write_error(str(error)))


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _watch(seconds: float, text: str) -> int:
    targets = read_targets(text)
    if len(targets) != 1:
        raise InputError(f"watch: expected one target, found {len(targets)}")

    watch(targets[0], seconds, lambda sample: _tell(str(sample)))
    return 0


def _timeout(text: str, word: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= MAX_TIMEOUT_S:
        raise InputError(f"{word}: expected seconds up to {MAX_TIMEOUT_S:g}, found {text!r}")
    return seconds


def _seconds(argv: list[str]) -> int:
    text = argv[0] if argv else str(DEFAULT_WAIT_S)
    if len(argv) > 1 or not text.isdecimal() or int(text) < 1:
        raise InputError(f"wait: expected a number of seconds, found {' '.join(argv)!r}")
    return int(text)


def _end_on_signals() -> None:
    # The first process of a container ignores signals that it does not handle.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        signal.signal(number, _end)


def _end(_number: int, _frame: object) -> NoReturn:
    raise SystemExit(0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
