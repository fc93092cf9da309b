"""Says what long work is doing: what, for how long, and what is left. The one place that logs to the terminal."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from collections.abc import Iterator

console = Console(stderr=True, highlight=False, soft_wrap=True)
_HEARTBEAT_S = 15.0


class Plan:
    """A list of steps that are told as they are done, each with its time and with what is left.

    On a terminal the running step is a spinner; elsewhere (a CI log) a line says every 15 s what still runs.
    """

    def __init__(self, title: str, total: int, out: Console = console) -> None:
        self._title = title
        self._total = total
        self._done = 0
        self._start = time.monotonic()
        self._out = out

    @property
    def elapsed_s(self) -> float:
        """Seconds since the plan began."""
        return time.monotonic() - self._start

    @contextlib.contextmanager
    def step(self, what: str) -> Iterator[None]:
        """Tell that `what` runs, then how long it took; on an exception, that it failed."""
        self._done += 1
        label = escape(f"[{self._done}/{self._total}] {what}")
        start = time.monotonic()
        ended = threading.Event()
        beat = threading.Thread(target=self._heartbeat, args=(label, start, ended), daemon=True)
        status = self._out.status(f"{label} …") if self._out.is_terminal else contextlib.nullcontext()
        try:
            with status:
                beat.start()
                yield
        except BaseException:
            self._out.print(f"[red]✗[/red] {label}  failed after {time.monotonic() - start:.1f} s")
            raise
        else:
            self._out.print(f"[green]✓[/green] {label}  {time.monotonic() - start:.1f} s")
        finally:
            ended.set()

    def note(self, text: str) -> None:
        """Print one line below the steps."""
        self._out.print(f"  {escape(text)}")

    def _heartbeat(self, label: str, start: float, ended: threading.Event) -> None:
        while not self._out.is_terminal and not ended.wait(_HEARTBEAT_S):
            left = self._total - self._done
            self._out.print(f"… {label}  {time.monotonic() - start:.0f} s so far, {left} more steps after it")
