#!/usr/bin/env python3
"""Searches with every tenth image of a collection, along the graph and exactly, and stores the results, so that
two indexes of the same images can be compared. Needs only Python.

    benchmarks/neighbours.py search lucene.json                 with a running system
    benchmarks/neighbours.py search milvus.json                 after `lookalike up --milvus URI` of the same home
    benchmarks/neighbours.py compare lucene.json milvus.json
"""
import argparse
import json
import time
import urllib.request

K = 10
TIE = 1e-6  # similarities of two engines differ by float32 rounding


def call(url, body=None):
    request = urllib.request.Request(
        url, None if body is None else json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def ids(base):
    found, cursor = [], ""
    while True:
        page = call(f"{base}/images?limit=500" + (f"&cursor={cursor}" if cursor else ""))
        found += [image["image_id"] for image in page["images"]]
        cursor = page.get("cursor") or page.get("next_cursor")
        if not cursor:
            return found


def search(arguments):
    base = f"{arguments.url}/v1/collections/{arguments.collection}"
    queries = ids(base)[::10]
    found, seconds, recall = {}, {False: [], True: []}, []
    for exact in (False, True):
        for query in queries:
            start = time.perf_counter()
            hits = call(f"{base}/search", {
                "positives": [{"image_id": query}], "k": K, "exact": exact, "exclude_self": True})["hits"]
            seconds[exact].append(time.perf_counter() - start)
            hits = [(hit["image_id"], hit["similarity"]) for hit in hits]
            if exact:
                wanted = {image for image, _ in hits}
                recall.append(len(wanted & {image for image, _ in found[query]}) / len(wanted))
            else:
                found[query] = hits
    for exact, name in ((False, "approximate"), (True, "exact")):
        ordered = sorted(seconds[exact])
        print(f"{name}: p50 {ordered[len(ordered) // 2] * 1e3:.1f} ms,"
              f" p99 {ordered[int(len(ordered) * .99)] * 1e3:.1f} ms")
    print(f"recall@{K} against exact: {sum(recall) / len(recall):.4f} over {len(recall)} queries")
    with open(arguments.out, "w", encoding="utf-8") as out:
        json.dump(found, out)


def compare(arguments):
    with open(arguments.one, encoding="utf-8") as one, open(arguments.other, encoding="utf-8") as other:
        one, other = json.load(one), json.load(other)
    same = ties = 0
    for query, hits in one.items():
        pairs = list(zip(hits, other[query], strict=True))
        if all(a[0] == b[0] for a, b in pairs):
            same += 1
        elif all(a[0] == b[0] or abs(a[1] - b[1]) < TIE for a, b in pairs):
            ties += 1
        else:
            print("differs:", query)
    print(f"{len(one)} queries: {same} the same, {ties} the same except for ties")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("search")
    command.add_argument("out")
    command.add_argument("--url", default="http://127.0.0.1:8703")
    command.add_argument("--collection", default="default")
    command.set_defaults(run=search)
    command = commands.add_parser("compare")
    command.add_argument("one")
    command.add_argument("other")
    command.set_defaults(run=compare)
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
