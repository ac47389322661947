"""
`python3 bench/reference/check.py FOLDER`: the PyTorch reference beside what export.ts wrote there. Largest differences of logits and
losses (absolute), and of gradients (of each parameter's, relative to its largest number); fails beyond the tolerances.
"""
import json
import pathlib
import sys

import torch

from simvlm import SimVlm, load_weights, save_weights, to_file
from tensors import read_safetensors

TOLERANCES = {"logits": 1e-4, "loss": 1e-5, "gradients": 1e-4}


def read_batches(folder, expected):
    description = json.loads((folder / "batches.json").read_text())
    batches = []
    for entry in description["batches"]:
        batch = {name: torch.tensor(entry[name]) for name in ("tokens", "text_lengths", "prefix_lengths")}
        batches.append({**batch, "images": expected["images"] if entry["images"] else None})
    return batches, [entry["places"] for entry in description["batches"]], description["generated"]


def logits_difference(actual, expected, places):
    rows = [(actual[row, :n] - expected[row, :n]).abs().max() for row, n in enumerate(places)]
    return float(max(rows))


def gradients_difference(model, expected):
    worst, where = 0.0, ""
    for name, gradient in to_file({name: p.grad for name, p in model.named_parameters()}).items():
        wanted = expected[f"gradient.{name}"]
        # A gradient that is zero by symmetry (that of key biases) is noise on both sides.
        difference = float((gradient - wanted).abs().max() / wanted.abs().max().clamp(min=1e-3))
        if difference > worst:
            worst, where = difference, name
    return worst, where


def generated_differences(model, images, wanted):
    eos = model.config["tokens"]["eos"]
    rows = model.generate(images, wanted["prompts"], wanted["maxLength"]).tolist()
    rows = [row[: row.index(eos) + 1] if eos in row else row for row in rows]
    return sum(row != other for row, other in zip(rows, wanted["rows"])), len(rows)


def check(folder):
    expected = read_safetensors(folder / "expected.safetensors")
    expected["images"] = expected["images"] / 127.5 - 1
    model = SimVlm(json.loads((folder / "config.json").read_text()))
    load_weights(model, folder / "weights.safetensors")
    back = folder / "back.safetensors"
    save_weights(model, back)
    weights, again = read_safetensors(folder / "weights.safetensors"), read_safetensors(back)
    assert weights.keys() == again.keys() and all(weights[name].equal(again[name]) for name in weights), "weights"
    batches, places, generated = read_batches(folder, expected)
    logits, loss = 0.0, 0.0
    for i, batch in enumerate(batches):
        with torch.no_grad():
            actual = model.logits(model.hidden(batch["images"], model.layout(batch)))
        logits = max(logits, logits_difference(actual, expected[f"logits.{i}"], places[i]))
        loss = max(loss, abs(float(model.loss(batch)) - float(expected[f"loss.{i}"])))
    together = model.loss(*batches)
    together.backward()
    loss = max(loss, abs(float(together) - float(expected["loss"])))
    gradients, where = gradients_difference(model, expected)
    other, rows = generated_differences(model, expected["images"], generated)
    found = {"logits": logits, "loss": loss, "gradients": gradients}
    good = other == 0 and all(found[name] <= TOLERANCES[name] for name in found)
    numbers = "  ".join(f"{name} {value:.1e}" for name, value in found.items())
    print(f"{'same ' if good else 'OTHER'}  {folder.name:27} {numbers} ({where})  greedy texts {rows - other}/{rows}")
    return good


if __name__ == "__main__":
    folders = sorted(path.parent for path in pathlib.Path(sys.argv[1]).glob("*/config.json"))
    results = [check(folder) for folder in folders]
    sys.exit(0 if results and all(results) else 1)
