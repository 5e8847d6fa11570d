"""Counts the instructions of each kind of work with callgrind, and says which part of the program they are in.

    python3 examples/bench/instructions.py PROGRAM WORKLOAD FOLDER

WORKLOAD has leads.csv and events.csv, as `ScoreBench workload` writes them. FOLDER gets the database and callgrind's files,
for callgrind_annotate. What is counted is the program's work alone, the same in every run: no waiting, nothing that the
system does for it.
"""

import collections
import os
import re
import shutil
import subprocess
import sys

AS_OF = ["--as-of", "2026-11-01T00:00:00Z"]
RULES = os.path.dirname(os.path.abspath(__file__))
MODULES = ["ScoreEngine", "LeadStore", "LeadScoring", "RecordFormats", "RuleFile", "TerminalOutput", "leadscore"]
# A mangled name begins with its module, the length in front of it.
SWIFT_NAME = re.compile(r"\$s(\d+)")


def part(function, library):
    """The part of the program that a function belongs to."""
    match = SWIFT_NAME.match(function)
    if match:
        name = function[match.end():match.end() + int(match[1])]
        return name if name in MODULES else "other modules"
    if function.startswith("$s"):
        return "Swift's library"
    if "sqlite" in library:
        return "SQLite"
    if function.startswith(("swift_", "swift::", "_swift", "bool swift::", "(anonymous namespace)::")):
        return "Swift's runtime"
    if any(name in library for name in ("libc.so", "ld-linux", "libstdc++", "libm.so", "libyaml", "libz")):
        return "C library"
    return "other"


def read(path):
    """Instructions by part of what callgrind wrote: https://valgrind.org/docs/manual/cl-format.html"""
    names = {"fn": {}, "ob": {}}
    parts = collections.Counter()
    current, library, is_call = "?", "", False

    def resolve(kind, text):
        match = re.match(r"\((\d+)\)(?: (.*))?$", text)
        if not match:
            return text
        if match[2]:
            names[kind][match[1]] = match[2]
        return names[kind].get(match[1], "?")

    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            line = line.rstrip("\n")
            if line.startswith("fn="):
                current = part(resolve("fn", line[3:]), library)
            elif line.startswith("ob="):
                library = resolve("ob", line[3:])
            elif line.startswith("cfn="):
                resolve("fn", line[4:])
            elif line.startswith("cob="):
                resolve("ob", line[4:])
            elif line.startswith("calls="):
                is_call = True
            elif line[:1].isdigit() or line[:1] in "+-*":
                # What follows a call is the cost of what was called, which stands elsewhere too.
                costs = line.split()[1:]
                if costs and not is_call:
                    parts[current] += int(costs[0])
                is_call = False
    return parts


def run(command):
    """Runs a command in silence; ends with its words where it fails."""
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr[-2000:]}")


def count(name, program, arguments, folder):
    """Instructions by part of a run of the program."""
    out = os.path.join(folder, name + ".callgrind")
    run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out, program] + arguments)
    return read(out)


def strip(source, program):
    """Copies a program without its debug information: valgrind takes long to read that, and names functions without it."""
    if not shutil.which("objcopy") or subprocess.run(["objcopy", "--strip-debug", source, program]).returncode != 0:
        shutil.copy(source, program)


def count_rows(path):
    """Rows of a CSV file whose cells have no line breaks, the header not among them."""
    with open(path, "rb") as lines:
        return sum(1 for _ in lines) - 1


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    source, workload, folder = sys.argv[1:]
    if shutil.which("valgrind") is None:
        sys.exit("make profile: needs valgrind (apt-get install valgrind)")
    files = {kind: os.path.join(workload, kind + ".csv") for kind in ("leads", "events")}
    for path in [source, *files.values()]:
        if not os.path.isfile(path):
            sys.exit(f"make profile: there is no {path}")
    os.makedirs(folder, exist_ok=True)
    program = os.path.join(folder, "leadscore")
    strip(source, program)
    database = os.path.join(folder, "leads.db")
    for path in (database, database + "-wal", database + "-shm"):
        if os.path.exists(path):
            os.remove(path)
    rows = {kind: count_rows(path) for kind, path in files.items()}

    def arguments(*words):
        return list(words) + ["--db", database] + AS_OF

    print(f"{rows['leads']:,} leads, {rows['events']:,} events, 30 rules; instructions by callgrind\n")
    print("| work | instructions | each | parts |\n|---|---:|---:|---|")

    def report(name, work, words, per=None):
        parts = count(name, program, words, folder)
        total = sum(parts.values())
        each = f"{total / rows[per]:,.0f} for each of the {per}" if per else ""
        shares = ", ".join(f"{key} {100 * value / total:.0f} %" for key, value in parts.most_common(6))
        print(f"| {work} | {total / 1e6:,.0f} M | {each} | {shares} |", flush=True)

    report("start", "`--version`", ["--version"])
    run([program] + arguments("init", "--rules", os.path.join(RULES, "rules.yaml")))
    report("leads", "`import leads`", arguments("import", "leads", files["leads"]), "leads")
    report("events", "`import events`", arguments("import", "events", files["events"]), "events")
    for name in ("rules-changed", "rules-new-condition"):
        run([program] + arguments("rules", "add", os.path.join(RULES, name + ".yaml")))
    preview = ["rules", "preview", "--no-plan", "--format", "json"]
    report("preview", "preview of other numbers", arguments(*preview, "2"), "leads")
    report("condition", "preview of a new condition", arguments(*preview, "3"), "leads")
    report("score", "`score --all`", arguments("score", "--all"), "events")
    report("apply", "`rules apply`", arguments("rules", "apply", "2", "--yes"), "leads")
    one = os.path.join(folder, "one.csv")
    with open(files["events"], encoding="utf-8") as lines, open(one, "w", encoding="utf-8") as copy:
        copy.write(next(lines))
        copy.write(next(lines).replace("T00:", "T11:"))
    report("one", "one event, whole process", arguments("import", "events", one))


if __name__ == "__main__":
    main()
