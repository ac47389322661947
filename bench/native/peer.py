"""
PyTorch in a process of its own: `peer.py FOLDER '{ "threads": 2, … }'`. Answers as child.ts does. Options:

  device     cpu (default) or cuda
  precision  float32 (default), tf32, or bfloat16 (autocast for training, a bfloat16 copy of the model for decoding)
  mode       eager (default), or one of torch.compile: `default`, `max-autotune`
  rows       of each batch in training; all without it
  large      true: tries memory formats alone, with AdamW parameter by parameter, which needs the least memory
  trial      false: the first way to compute is taken, none is tried
"""
import copy
import ctypes
import gc
import json
import os
import pathlib
import resource
import sys
import time

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "reference"))
from simvlm import SimVlm, load_weights, make_optimizer  # noqa: E402
from tensors import read_safetensors  # noqa: E402

folder, options = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
device, precision = options.get("device", "cpu"), options.get("precision", "float32")
mode, cuda = options.get("mode", "eager"), device == "cuda"
if mode != "eager" and not hasattr(torch, "compile"):
    raise RuntimeError(f"torch.compile needs PyTorch 2, this is {torch.__version__}")
torch.set_num_threads(options["threads"])
torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
# The shapes never change: cuDNN may try its algorithms once.
torch.backends.cudnn.benchmark = True
config = json.loads((folder / "config.json").read_text())
adamw = config["optimizer"]


def read_batches(channels_last):
    """Images [B, S, S, 3], scaled beforehand as the workers of a DataLoader would, are channels-last maps to PyTorch; the other order is another view of the same shape."""
    images = read_safetensors(folder / "images.safetensors")["images"] / 127.5 - 1
    batches = []
    for pictures, texts in zip(images, json.loads((folder / "batches.json").read_text())):
        if not channels_last:
            pictures = pictures.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
        # As a DataLoader does for a GPU, so that the copy to it does not stop the host.
        pictures = pictures.pin_memory() if cuda else pictures
        tokens = torch.tensor(texts)
        lengths = torch.full((len(texts),), tokens.shape[1])
        batch = {"tokens": tokens, "images": pictures, "text_lengths": lengths}
        batches.append({**batch, "prefix_lengths": torch.zeros_like(lengths)})
    return batches


def mixed_precision():
    return torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16")


def timed(run, indices):
    losses, milliseconds = [], []
    for index in indices:
        start = time.perf_counter()
        losses.append(run(index))
        milliseconds.append(1000 * (time.perf_counter() - start))
    return {"losses": losses, "milliseconds": milliseconds}


class Trainer:
    """The model from its start, with one of the ways to compute a step."""

    def __init__(self, channels_last, optimizer):
        self.batches = read_batches(channels_last)
        self.model = SimVlm(config["model"])
        load_weights(self.model, folder / "weights.safetensors")
        self.model.to(device)
        if channels_last:
            self.model.patcher.to(memory_format=torch.channels_last)
        rows = options.get("rows")
        trained = [{name: part[:rows] for name, part in batch.items()} for batch in self.batches]
        # Masks and targets follow from the lengths: made beforehand, as the workers of a DataLoader would.
        self.work = [(batch["images"], self.model.layout(batch)) for batch in trained]
        self.summed_loss = self.model.summed_loss
        if mode != "eager":
            self.summed_loss = torch.compile(self.summed_loss, dynamic=False, mode=mode)
        betas = (adamw["beta1"], adamw["beta2"])
        self.optimizer = make_optimizer(
            self.model, adamw["learningRate"], adamw["weightDecay"], betas=betas, eps=adamw["epsilon"], **optimizer
        )

    def step(self, index):
        images, plan = self.work[index % len(self.work)]
        self.optimizer.zero_grad(set_to_none=True)
        with mixed_precision():
            loss = self.summed_loss(images.to(device, non_blocking=True), plan) / plan.count
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), adamw["clip"])
        self.optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def loss(self, index):
        images, plan = self.work[index]
        with mixed_precision():
            return self.summed_loss(images.to(device), plan).item() / plan.count

    def train(self, request):
        return timed(self.step, range(request["from"], request["from"] + request["count"]))

    def forward(self, request):
        return timed(self.loss, [0] * request["count"])

    def generate(self, request):
        images = self.batches[0]["images"][: request["rows"]]
        model = self.model
        if precision == "bfloat16":
            # Autocast would make a copy of each weight for each token.
            model, images = copy.deepcopy(model).bfloat16(), images.bfloat16()
        start = time.perf_counter()
        tokens = model.generate(images, max_length=request.get("tokens")).tolist()
        return {"milliseconds": 1000 * (time.perf_counter() - start), "tokens": tokens}


def peak_resident():
    """As bench/lib/memory.ts counts it."""
    if sys.platform != "linux":
        return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith("VmHWM:")).split()[1])


def reset_peak():
    gc.collect()
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    return {}


def memory():
    most = {"resident": peak_resident()}
    if cuda:
        most["device"] = {
            "allocated": torch.cuda.max_memory_allocated(),
            "reserved": torch.cuda.max_memory_reserved(),
        }
    return most


def fastest_way():
    """Whichever way is faster for PyTorch on this machine: memory format and kind of AdamW, a few steps of each in turn."""
    large = options.get("large", False)
    optimizers = {"foreach": {"foreach": True}, "for-loop": {"foreach": False}}
    if cuda:
        optimizers = {"fused": {"fused": True}}
    elif large:
        del optimizers["foreach"]
    ways = {
        f"{name} AdamW, channels {'last' if last else 'first'}": (last, optimizer)
        for name, optimizer in optimizers.items()
        for last in (True, False)
    }
    if not options.get("trial", True):
        return next(iter(ways.items()))
    if mode != "eager":
        # The compiler lays maps out as it likes; trying both would compile everything twice.
        return next(iter(ways.items()))
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(1 if cuda or large else 2):
        for name, way in ways.items():
            # One at a time, as a GPU may not have the memory for two.
            first, *rest = Trainer(*way).train({"from": 0, "count": 2 if large else 3})["milliseconds"]
            best[name] = min(best[name], *rest)
    if cuda:
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
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
    if cuda:
        return f"{torch.cuda.get_device_name()}, CUDA {torch.version.cuda}, {precision}"
    capability = torch.__config__.show().split("CPU capability usage: ")[1].split("\n")[0]
    return f"{capability}, {blas()}, {torch.get_num_threads()} threads, {precision}"


def answer(value):
    print(json.dumps(value), flush=True)


way, chosen = fastest_way()
trainer = Trainer(*chosen)
compiled = "" if mode == "eager" else f", torch.compile ({mode})"
answer({"versions": {"PyTorch": torch.__version__}, "detail": f"{detail()}, {way}{compiled}"})
answers = {
    "train": trainer.train,
    "forward": trainer.forward,
    "generate": trainer.generate,
    "memory": lambda _: memory(),
    "resetMemory": lambda _: reset_peak(),
}
for line in sys.stdin:
    [(name, request)] = json.loads(line).items()
    answer(answers[name](request))
