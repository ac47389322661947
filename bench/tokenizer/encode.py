"""SentencePiece's Python binding: `encode.py MODEL TEXT EVERY`. Answers as encode.mjs does."""

import json
import sys
import time

import sentencepiece

model, text, every = sys.argv[1:4]
processor = sentencepiece.SentencePieceProcessor(model_file=model)
with open(text, "rb") as file:
    lines = file.read().decode().split("\n")[:-1]
chosen = lines[:: int(every)]
size = sum(len(line.encode()) for line in chosen)

ways = {
    "one call per line": lambda texts: [processor.encode(line) for line in texts],
    "one call for the whole list": lambda texts: processor.encode(texts, num_threads=1),
}


def seconds(way, texts):
    start = time.perf_counter()
    ids = way(texts)
    return time.perf_counter() - start, sum(map(len, ids))


# Whichever is faster for it.
name = min(ways, key=lambda name: min(seconds(ways[name], chosen[:10000])[0] for _ in range(3)))


def answer(value):
    print(json.dumps(value), flush=True)


answer({"versions": {"sentencepiece (Python)": sentencepiece.__version__}, "way": name})
for line in sys.stdin:
    request = json.loads(line)
    if "sample" in request:
        count = min(request["sample"], len(lines))
        sample = [lines[i * len(lines) // count] for i in range(count)]
        answer({"ids": [processor.encode(line) for line in sample]})
    else:
        cpu = time.process_time()
        duration, tokens = seconds(ways[name], chosen)
        cpu = time.process_time() - cpu
        answer({"seconds": duration, "cpuSeconds": cpu, "bytes": size, "tokens": tokens})
