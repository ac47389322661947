"""
Where PyTorch's training step of `pnpm bench native` spends its time, on one thread: `peer_profile.py FOLDER [STEPS]`, with the folder that
profile.ts has written. The table is torch.profiler's.
"""
import json
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "reference"))
from simvlm import SimVlm, load_weights, make_optimizer  # noqa: E402
from tensors import read_safetensors  # noqa: E402

folder, steps = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 6
torch.set_num_threads(1)
config = json.loads((folder / "config.json").read_text())
adamw = config["optimizer"]
images = read_safetensors(folder / "images.safetensors")["images"][0] / 127.5 - 1
tokens = torch.tensor(json.loads((folder / "batches.json").read_text())[0])
lengths = torch.full((len(tokens),), tokens.shape[1])
batch = {"tokens": tokens, "images": images, "text_lengths": lengths, "prefix_lengths": torch.zeros_like(lengths)}
model = SimVlm(config["model"])
load_weights(model, folder / "weights.safetensors")
model.patcher.to(memory_format=torch.channels_last)
plan = model.layout(batch)
betas = (adamw["beta1"], adamw["beta2"])
optimizer = make_optimizer(
    model, adamw["learningRate"], adamw["weightDecay"], betas=betas, eps=adamw["epsilon"], foreach=True
)


def step():
    optimizer.zero_grad(set_to_none=True)
    (model.summed_loss(images, plan) / plan.count).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), adamw["clip"])
    optimizer.step()


for _ in range(2):
    step()
with torch.profiler.profile() as profile:
    for _ in range(steps):
        step()
print(f"PyTorch {torch.__version__}, {steps} steps")
print(profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=25, max_name_column_width=60))
