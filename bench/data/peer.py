"""
torchvision's DataLoader in a process of its own: `peer.py FOLDER SIZE`. Answers each line {"samples": n} with {"seconds": s}: the time of one pass in
batches of 64 uint8 pictures, by two workers that stay.
"""
import json
import os
import sys
import time

import torch


def import_torchvision():
    """PyPI builds torchvision for CUDA; beside a torch without CUDA its operators (nms and others) do not load. A data loader needs none of them."""
    try:
        import torchvision
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.startswith("torchvision")]:
            del sys.modules[name]
        register = torch.library.register_fake
        torch.library.register_fake = lambda *_, **__: lambda function: function
        try:
            import torchvision
        finally:
            torch.library.register_fake = register
    return torchvision


torchvision = import_torchvision()
import PIL  # noqa: E402
from PIL import Image  # noqa: E402
from torchvision import transforms  # noqa: E402


class Pictures(torch.utils.data.Dataset):
    def __init__(self, folder, size):
        self.files = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jpg")]
        self.transform = transforms.Compose([transforms.RandomResizedCrop(size), transforms.PILToTensor()])

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        with Image.open(self.files[index]) as picture:
            return self.transform(picture.convert("RGB"))


if __name__ == "__main__":
    torch.manual_seed(1)
    loader = torch.utils.data.DataLoader(
        Pictures(sys.argv[1], int(sys.argv[2])), batch_size=64, shuffle=True, num_workers=2, persistent_workers=True
    )
    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__, "pillow": PIL.__version__}
    print(json.dumps({"versions": versions}), flush=True)
    for _ in sys.stdin:
        begin, count = time.perf_counter(), 0
        for batch in loader:
            count += len(batch)
        print(json.dumps({"seconds": time.perf_counter() - begin, "samples": count}), flush=True)
