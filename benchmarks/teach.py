#!/usr/bin/env python3
"""Measures how well a collection labels what it was taught, in a running system (`./lookalike up --model MODEL`):

    benchmarks/teach.py TRAIN TEST FOREIGN [--model NAME]

TRAIN and TEST are folders with one sub-folder per class, FOREIGN holds photographs of anything else. TRAIN is imported
with its labels, the others without; then the collection is taught in several ways, each time
with --existing, and the labels of the images of TEST and FOREIGN are counted. Needs only Python.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
WAYS = (["--precision", "0", "--gate", "0"], ["--precision", "0.95"], ["--precision", "0.93"],
        ["--per-class", "20", "--precision", "0", "--gate", "0"], ["--per-class", "20"],
        ["--per-class", "10", "--precision", "0", "--gate", "0"], ["--per-class", "10"],
        ["--per-class", "5", "--precision", "0", "--gate", "0"], ["--per-class", "5"])


def lookalike(*arguments):
    run = subprocess.run([str(ROOT / "lookalike"), *map(str, arguments)], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"lookalike {' '.join(map(str, arguments))}: {run.stderr}")
    return run.stdout


def entries(base):
    cursor = ""
    while True:
        url = f"{base}/images?limit=500" + (f"&cursor={cursor}" if cursor else "")
        with urllib.request.urlopen(url) as answer:
            page = json.load(answer)
        yield from page["images"]
        cursor = page.get("next_cursor")
        if not cursor:
            return


def counted(base):
    """Counts of images of TEST, labelled ones, right ones; images of FOREIGN, labelled ones."""
    test = labelled = right = foreign = wrongly = 0
    for entry in entries(base):
        kind, name = (entry["attributes"].get("file", "").split("/") + [""])[:2]
        said = [label["name"] for label in entry["labels"] if label["source"] == "taught"]
        if kind == "test":
            test += 1
            labelled += bool(said)
            right += said == [name]
        elif kind == "foreign":
            foreign += 1
            wrongly += bool(said)
    return test, labelled, right, foreign, wrongly


def settled(base):
    """The index reads the labels a moment after embed-service has written them."""
    last = None
    while True:
        time.sleep(2)
        now = counted(base)
        if now == last:
            return now
        last = now


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for folder in ("train", "test", "foreign"):
        parser.add_argument(folder, type=pathlib.Path)
    parser.add_argument("--model", default="mobilenet-v2")
    arguments = parser.parse_args()
    query = next(s["address"] for s in json.loads(lookalike("status", "--json"))["services"] if s["name"] == "query")
    name = f"teach-{int(time.time())}"
    base = f"http://127.0.0.1:{query.rsplit(':', 1)[1].rstrip('/')}/v1/collections/{name}"
    lookalike("collection", "create", name, "--model", arguments.model)
    lookalike("import", arguments.train, "--collection", name, "--label-from-folder")
    with tempfile.TemporaryDirectory() as stage:
        shutil.copytree(arguments.test, pathlib.Path(stage, "test"))
        shutil.copytree(arguments.foreign, pathlib.Path(stage, "foreign"))
        lookalike("import", stage, "--collection", name)
    print("| taught | right of all | precision, coverage | foreign labelled | s |")
    print("|---|---|---|---|---|")
    for way in WAYS:
        start = time.monotonic()
        lookalike("teach", name, "--existing", "--json", *way)
        seconds = time.monotonic() - start
        test, labelled, right, foreign, wrongly = settled(base)
        print(f"| `{' '.join(way)}` | {right / test:.3f} | {right / max(1, labelled):.3f}, {labelled / test:.3f}"
              f" | {wrongly} of {foreign} | {seconds:.0f} |", flush=True)
    lookalike("collection", "delete", name, "--yes")


if __name__ == "__main__":
    main()
