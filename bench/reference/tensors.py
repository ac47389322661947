"""Safetensors files (https://huggingface.co/docs/safetensors) without a package: a header length, a JSON header, the numbers."""
import json
import struct

import torch

DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "U8": torch.uint8,
}
NAMES = {dtype: name for name, dtype in DTYPES.items()}


def each_safetensor(path):
    """Name and tensor, one after another, on the CPU, in the dtypes of the file: there is no memory for all twice."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            dtype = DTYPES[entry["dtype"]]
            # Writable, as torch.frombuffer warns of memory that is not.
            numbers = bytearray(end - begin)
            file.seek(8 + length + begin)
            file.readinto(numbers)
            flat = torch.frombuffer(numbers, dtype=dtype) if numbers else torch.empty(0, dtype=dtype)
            yield name, flat.reshape(entry["shape"])


def read_safetensors(path):
    """The tensors by name."""
    return dict(each_safetensor(path))


def write_safetensors(path, tensors):
    """Writes tensors by name; the header is padded so that the numbers are aligned to 8 bytes."""
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu().contiguous()
        # By way of bytes, as numpy has no bfloat16.
        part = bytes(tensor.reshape(-1).view(torch.uint8).numpy()) if tensor.numel() > 0 else b""
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [at, at + len(part)],
        }
        parts.append(part)
        at += len(part)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
