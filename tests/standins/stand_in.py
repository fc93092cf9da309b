#!/usr/bin/env -S python3 -I -S
"""A stand-in for a program that cannot run here: records how it was called, and answers as a test told it to.

It is run under the name of the program that it stands in for (a link to this file). STAND_IN_FOLDER names a folder with
`answers.json`, a list of answers of which the last whose program and words fit is given, and gets `calls.jsonl`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main() -> int:
    """Record the call and give its answer."""
    folder = Path(os.environ["STAND_IN_FOLDER"])
    program, *arguments = [Path(sys.argv[0]).name, *sys.argv[1:]]
    call = {"program": program, "arguments": arguments, "environment": dict(os.environ), "stdin": sys.stdin.read()}
    with (folder / "calls.jsonl").open("a") as record:
        record.write(json.dumps(call) + "\n")
    for answer in reversed(json.loads((folder / "answers.json").read_text())):
        if answer["program"] == program and set(answer["words"]) <= set(arguments):
            sys.stdout.write(answer["stdout"])
            sys.stderr.write(answer["stderr"])
            return int(answer["exit_code"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
