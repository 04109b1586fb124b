"""Measures the whole system while it runs (`./lookalike up`, LOOKALIKE_HOME as there), from outside:

    python benchmarks/stream.py bare IMAGES MODEL [COUNT]      import compared with bare loops in Python and Java
    python benchmarks/stream.py latency IMAGES [MODEL]         image searches when idle and during an import
    python benchmarks/stream.py uploads IMAGES [CLIENTS]       uploads per second that ingest-service acknowledges

IMAGES holds JPEGs, in folders or not. `bare` needs numpy, onnxruntime and Pillow, and JAVA_HOME; the others
need nothing.
"""
import collections
import concurrent.futures
import http.client
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOOKALIKE = str(ROOT / "lookalike")
CORES = os.cpu_count()
TICKS = os.sysconf("SC_CLK_TCK")


def lookalike(*arguments):
    run = subprocess.run([LOOKALIKE, *arguments], capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"lookalike {' '.join(arguments)}: {run.stderr}")
    return run.stdout


def services():
    return json.loads(lookalike("status", "--json"))["services"]


def port(name):
    """The HTTP port of a service."""
    return next(int(s["address"].rsplit(":", 1)[1]) for s in services() if s["name"] == name)


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def photographs(folder):
    return sorted(file for file in pathlib.Path(folder).rglob("*.jpg"))


def collection(name, model=None):
    subprocess.run([LOOKALIKE, "collection", "delete", name, "--yes"], capture_output=True)
    lookalike("collection", "create", name, *(["--model", model] if model else []))


def percentiles(seconds):
    ordered = sorted(seconds)
    return [ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 for share in (0.5, 0.9, 0.99)]


def bare_python(files, model):
    """Decode, preprocess (as a CLIPImageProcessor), infer: a session of one thread, a worker for each core."""
    import numpy
    import onnxruntime
    from PIL import Image
    config = json.loads((model / "preprocessor_config.json").read_text())
    short, crop = config["size"]["shortest_edge"], config["crop_size"]["height"]
    mean = numpy.array(config["image_mean"], numpy.float32)
    deviation = numpy.array(config["image_std"], numpy.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model / "model.onnx"), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def pixels(file):
        image = Image.open(file).convert("RGB")
        width, height = image.size
        scale = short / min(width, height)
        image = image.resize((int(width * scale), int(height * scale)), config["resample"])
        left, top = (image.width - crop) // 2, (image.height - crop) // 2
        array = numpy.asarray(image.crop((left, top, left + crop, top + crop)), numpy.float32)
        return ((array * config["rescale_factor"] - mean) / deviation).transpose(2, 0, 1)

    def embed(batch):
        vectors = session.run(None, {name: numpy.stack([pixels(file) for file in batch])})[0]
        return vectors.reshape(len(batch), -1)

    start, cpu = time.monotonic(), time.process_time()
    with concurrent.futures.ThreadPoolExecutor(CORES) as workers:
        list(workers.map(embed, [files[i:i + 8] for i in range(0, len(files), 8)]))
    return time.monotonic() - start, time.process_time() - cpu


def bare(images, model, count=None):
    model = pathlib.Path(model)
    files = photographs(images)[:int(count) if count else None]
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate(files):
            shutil.copy(file, pathlib.Path(folder) / f"{number:06}.jpg")
        files = photographs(folder)
        rows = []
        seconds, cpu = bare_python(files, model)
        rows.append(("Python: Pillow, onnxruntime", seconds, cpu, ""))
        java = json.loads(subprocess.run([str(ROOT / "benchmarks/embedding"), "bare", folder, str(model)],
                                         check=True, capture_output=True, text=True).stdout)
        rows.append(("Java: our decoder and preprocessor", java["seconds"], java["cpu_seconds"], ""))
        collection("benchmark", model.name)
        processes = services()
        before = {each["name"]: cpu_seconds(each["pid"]) for each in processes}
        children = os.times()
        start = time.monotonic()
        summary = json.loads(lookalike("import", folder, "--collection", "benchmark", "--json"))
        seconds = time.monotonic() - start
        parts = {each["name"]: cpu_seconds(each["pid"]) - before[each["name"]] for each in processes}
        after = os.times()
        parts["import"] = after.children_user + after.children_system - children.children_user - children.children_system
        assert summary["searchable"] + summary.get("duplicate", 0) == len(files), summary
        split = ", ".join(f"{name} {1000 * value / len(files):.1f}" for name, value in parts.items())
        rows.append(("the system: `lookalike import`", seconds, sum(parts.values()), split))
    print(f"{len(files)} images")
    print("| | images/s | CPU ms per image | of which |\n|---|---|---|---|")
    for name, seconds, cpu, split in rows:
        print(f"| {name} | {len(files) / seconds:.1f} | {1000 * cpu / len(files):.1f} | {split} |")


def search(connection, file):
    start = time.monotonic()
    connection.request("POST", "/v1/collections/benchmark/search?k=10", file.read_bytes(),
                       {"Content-Type": "application/octet-stream"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"search: {answer.status} {body[:300]}")
    return time.monotonic() - start


def latency(images, model=None):
    files = photographs(images)
    collection("benchmark", model)
    some = pathlib.Path(tempfile.mkdtemp())
    for file in files[:300]:
        shutil.copy(file, some / f"{file.parent.name}-{file.name}")
    lookalike("import", str(some), "--collection", "benchmark")
    shutil.rmtree(some)
    connection = http.client.HTTPConnection("127.0.0.1", port("query"))
    for file in files[:50]:
        search(connection, file)
    rest = [search(connection, file) for file in files[:200]]
    bulk = subprocess.Popen([LOOKALIKE, "import", str(images), "--collection", "benchmark", "--json"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    time.sleep(2)
    start = time.monotonic()
    loaded = []
    while bulk.poll() is None:
        loaded.append(search(connection, files[len(loaded) % len(files)]))
    rate = json.loads(bulk.stdout.read())["searchable"] / (time.monotonic() - start + 2)
    print("| image search | searches | p50 ms | p90 | p99 |\n|---|---|---|---|---|")
    for name, seconds in (("at rest", rest), (f"while an import runs at {rate:.0f} images/s", loaded)):
        print("| %s | %d | %.0f | %.0f | %.0f |" % (name, len(seconds), *percentiles(seconds)))


def uploads(images, clients="4"):
    bodies = [file.read_bytes() for file in photographs(images)[:500]]
    collection("benchmark")
    ingest = port("ingest")

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", ingest)
        answers = collections.Counter()
        for index in range(number, 4 * len(bodies), int(clients)):
            connection.request("PUT", f"/v1/collections/benchmark/images/u{index}", bodies[index % len(bodies)])
            answer = connection.getresponse()
            answer.read()
            answers[answer.status] += 1
        return answers

    start = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(int(clients)) as pool:
        total = sum(pool.map(client, range(int(clients))), collections.Counter())
    seconds = time.monotonic() - start
    print(f"{clients} clients: {dict(total)}, {total[202] / seconds:.0f} acknowledged per second")


if __name__ == "__main__":
    {"bare": bare, "latency": latency, "uploads": uploads}[sys.argv[1]](*sys.argv[2:])
