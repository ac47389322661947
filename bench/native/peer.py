"""
PyTorch in a process of its own: `peer.py FOLDER '{ "threads": 2, "device": "cpu", "precision": "float32" }'`. Answers as child.ts does.
"""
import ctypes
import json
import os
import pathlib
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "reference"))
from simvlm import SimVlm, load_weights, make_optimizer  # noqa: E402
from tensors import read_safetensors  # noqa: E402

folder, options = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
device, precision = options.get("device", "cpu"), options.get("precision", "float32")
torch.set_num_threads(options["threads"])
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
config = json.loads((folder / "config.json").read_text())
adamw = config["optimizer"]


def read_batches(channels_last):
    """Images [B, S, S, 3] are channels-last maps to PyTorch; the other order is another view of the same shape."""
    images = read_safetensors(folder / "images.safetensors")["images"]
    batches = []
    for pictures, texts in zip(images, json.loads((folder / "batches.json").read_text())):
        if not channels_last:
            pictures = pictures.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
        tokens = torch.tensor(texts)
        lengths = torch.full((len(texts),), tokens.shape[1])
        batch = {"tokens": tokens, "images": pictures, "text_lengths": lengths}
        batches.append({**batch, "prefix_lengths": torch.zeros_like(lengths)})
    return batches


class Trainer:
    """The model from its start, with one of the ways to compute a step."""

    def __init__(self, channels_last, optimizer):
        self.batches = read_batches(channels_last)
        self.model = SimVlm(config["model"])
        load_weights(self.model, folder / "weights.safetensors")
        self.model.to(device)
        if channels_last:
            self.model.patcher.to(memory_format=torch.channels_last)
        betas = (adamw["beta1"], adamw["beta2"])
        self.optimizer = make_optimizer(
            self.model, adamw["learningRate"], adamw["weightDecay"], betas=betas, eps=adamw["epsilon"], **optimizer
        )

    def step(self, index):
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            loss = self.model.loss(self.batches[index % len(self.batches)])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), adamw["clip"])
        self.optimizer.step()
        return loss.item()

    def train(self, request):
        losses, milliseconds = [], []
        for index in range(request["from"], request["from"] + request["count"]):
            start = time.perf_counter()
            losses.append(self.step(index))
            milliseconds.append(1000 * (time.perf_counter() - start))
        return {"losses": losses, "milliseconds": milliseconds}

    def generate(self, request):
        images = self.batches[0]["images"][: request["rows"]]
        start = time.perf_counter()
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
            tokens = self.model.generate(images).tolist()
        return {"milliseconds": 1000 * (time.perf_counter() - start), "tokens": tokens}


def fastest_way():
    """Whichever way is faster for PyTorch on this machine: memory format and kind of AdamW, a few steps of each in turn."""
    optimizers = {"foreach": {"foreach": True}, "for-loop": {"foreach": False}}
    if device == "cuda":
        optimizers = {"foreach": {"foreach": True}, "fused": {"fused": True}}
    ways = {
        f"{name} AdamW, channels {'last' if last else 'first'}": (last, optimizer)
        for name, optimizer in optimizers.items()
        for last in (True, False)
    }
    trainers = {name: Trainer(*way) for name, way in ways.items()}
    best = dict.fromkeys(ways, float("inf"))
    for trainer in trainers.values():
        trainer.train({"from": 0, "count": 1})
    for turn in range(2):
        for name, trainer in trainers.items():
            best[name] = min(best[name], *trainer.train({"from": turn, "count": 1})["milliseconds"])
    name = min(best, key=best.get)
    return name, ways[name]


def blas():
    """What OpenBLAS, where it is the BLAS, takes this processor for."""
    try:
        library = ctypes.CDLL("libopenblas.so.0", mode=os.RTLD_NOLOAD)
        library.openblas_get_corename.restype = ctypes.c_char_p
        return f"OpenBLAS {library.openblas_get_corename().decode()}"
    except OSError:
        return "BLAS unknown"


def detail():
    if device == "cuda":
        return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, {precision}"
    capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
    return f"{capability}, {blas()}, {torch.get_num_threads()} threads, {precision}"


def answer(value):
    print(json.dumps(value), flush=True)


way, chosen = fastest_way()
trainer = Trainer(*chosen)
answer({"versions": {"PyTorch": torch.__version__}, "detail": f"{detail()}, {way}"})
for line in sys.stdin:
    request = json.loads(line)
    answer(trainer.train(request["train"]) if "train" in request else trainer.generate(request["generate"]))
