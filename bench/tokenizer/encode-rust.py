"""Hugging Face's Rust tokenizers in Python: `encode-rust.py MODEL TEXT EVERY`. Answers as encode.mjs does."""

import json
import sys
import time

import tokenizers

model, text, every = sys.argv[1:4]
tokenizer = tokenizers.Tokenizer.from_file(model)
with open(text, "rb") as file:
    lines = file.read().decode().split("\n")[:-1]
chosen = lines[:: int(every)]
size = sum(len(line.encode()) for line in chosen)

ways = {
    "one call per line": lambda texts: sum(len(tokenizer.encode(line, add_special_tokens=False).ids) for line in texts),
    "lists of 1000 lines": lambda texts: sum(
        len(found.ids)
        for i in range(0, len(texts), 1000)
        for found in tokenizer.encode_batch_fast(texts[i : i + 1000], add_special_tokens=False)
    ),
}


def seconds(way, texts):
    start = time.perf_counter()
    tokens = way(texts)
    return time.perf_counter() - start, tokens


# Whichever is faster for it.
name = min(ways, key=lambda name: min(seconds(ways[name], chosen[:5000])[0] for _ in range(2)))


def answer(value):
    print(json.dumps(value), flush=True)


answer({"versions": {"tokenizers (Python)": tokenizers.__version__}, "way": name})
for line in sys.stdin:
    request = json.loads(line)
    if "sample" in request:
        count = min(request["sample"], len(lines))
        sample = [lines[i * len(lines) // count] for i in range(count)]
        answer({"ids": [tokenizer.encode(line, add_special_tokens=False).ids for line in sample]})
    else:
        cpu = time.process_time()
        duration, tokens = seconds(ways[name], chosen)
        cpu = time.process_time() - cpu
        answer({"seconds": duration, "cpuSeconds": cpu, "bytes": size, "tokens": tokens})
