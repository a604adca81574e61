"""Compiles programs with a mistake in them. What the compiler says is counted and placed, not read.

A line with a mistake ends with `//~` and the code of the one error that it is to have there, or `error` if that has no
code. Where an error is shown at a whole macro, its place is the macro's. `// features: a, b` in the first line are the
crate's features, without the default ones.
"""

import json
import re
import subprocess
import sys
from pathlib import Path


def messages(command):
    """The messages of a compiler, one JSON value a line."""
    run = subprocess.run(command, capture_output=True, text=True)
    return [json.loads(line) for line in (run.stdout + run.stderr).splitlines() if line.startswith("{")]


def library(features, built={}):
    """The crate with `features`, or with the default ones."""
    if features not in built:
        chosen = ["--no-default-features", "--features", features] if features else []
        cargo = ["cargo", "check", "--package", "waker_tables", "--lib", "--message-format=json"] + chosen
        for message in messages(cargo):
            if message["reason"] == "compiler-artifact" and message["target"]["name"] == "waker_tables":
                built[features] = next(file for file in message["filenames"] if file.endswith(".rmeta"))
    return built[features]


def place(error, program):
    """The line of `program` where the error is shown: through the macros that brought it there."""
    span = next(span for span in error["spans"] if span["is_primary"])
    while span["file_name"] != program and span["expansion"]:
        span = span["expansion"]["span"]
    return span["line_start"]


def check(program, output):
    lines = program.read_text().splitlines()
    wanted = sorted((at, *re.findall(r"//~ (\w+)", line)) for at, line in enumerate(lines, 1) if "//~" in line)
    features = "".join(re.findall(r"^// features: (.*)", lines[0]))
    rmeta = library(features)
    command = ["rustc", "--edition=2024", "--crate-type=lib", "--emit=metadata", "--error-format=json", "--cap-lints=allow"]
    command += ["-o", output, "--extern", f"waker_tables={rmeta}", "-L", f"dependency={Path(rmeta).parent}", str(program)]
    errors = [error for error in messages(command) if error.get("level") == "error" and error["spans"]]
    found = sorted((place(error, str(program)), (error["code"] or {"code": "error"})["code"]) for error in errors)
    print(f"{program.name}: {len(found)} errors for {len(wanted)} mistakes")
    if found != wanted:
        print(f"  wanted {wanted}\n  found  {found}")
    return found == wanted and wanted != []


if __name__ == "__main__":
    output, *programs = sys.argv[1:]
    good = [check(Path(program), output) for program in programs]
    sys.exit(not (good and all(good)))
