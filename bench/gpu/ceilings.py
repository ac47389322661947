"""
`python3 ceilings.py cuda|cpu`: what the device can do at best, measured with PyTorch: operations a second in products of large
bfloat16 matrices, and bytes a second read and written by a large copy. One line of JSON.
"""
import json
import sys
import time

import torch

device = sys.argv[1]
cuda = device == "cuda"
# On the CPU all there is to see is whether it runs.
N, BYTES = (8192, 4 << 30) if cuda else (512, 64 << 20)
TRIES, REPEATS = 5, 10


def best_seconds(run):
    """The fastest of a few tries, each of several runs that the device does back to back."""
    best = float("inf")
    for _ in range(TRIES + 1):
        wait()
        start = time.perf_counter()
        for _ in range(REPEATS):
            run()
        wait()
        best = min(best, (time.perf_counter() - start) / REPEATS)
    return best


def wait():
    if cuda:
        torch.cuda.synchronize()


a, b, out = (torch.randn(N, N, device=device).bfloat16() for _ in range(3))
product = best_seconds(lambda: torch.mm(a, b, out=out))
source, target = (torch.zeros(BYTES, dtype=torch.uint8, device=device) for _ in range(2))
copy = best_seconds(lambda: target.copy_(source))
print(
    json.dumps(
        {
            "device": torch.cuda.get_device_name() if cuda else "CPU",
            "versions": {"PyTorch": torch.__version__, **({"CUDA": torch.version.cuda} if cuda else {})},
            "matmul": {"size": N, "flopsPerSecond": 2 * N**3 / product},
            "copy": {"bytes": BYTES, "bytesPerSecond": 2 * BYTES / copy},
        }
    )
)
