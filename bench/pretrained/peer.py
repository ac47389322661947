"""
transformers in a process of its own.

  peer.py write FOLDER            a git-base of random weights as a Hugging Face folder, and picture.rgb, its 224 x 224 pixels
  peer.py run FOLDER THREADS      one JSON line when it is ready, one in answer to each {"generate": {"tokens": n}}

The weights are larger than those that training starts from, so that tokens are told apart, and the end token cannot win.
"""
import json
import pathlib
import sys
import time

import numpy
import torch
import transformers

transformers.logging.set_verbosity_error()
action, folder = sys.argv[1], pathlib.Path(sys.argv[2])
SIDE, MEAN, STD = 224, [0.48145466, 0.4578275, 0.40821073], [0.26862954, 0.26130258, 0.27577711]


def write():
    folder.mkdir(parents=True)
    torch.manual_seed(1)
    config = transformers.GitConfig()
    model = transformers.GitForCausalLM(config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() > 1:
                weight.normal_(std=0.05)
        model.output.bias[config.eos_token_id] = -1e4
    model.save_pretrained(folder)
    words = ["[PAD]", *(f"[unused{i}]" for i in range(1, 100)), "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words += [f"word{i}" for i in range(config.vocab_size - len(words))]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True})
    )
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {
                "image_processor_type": "CLIPImageProcessor",
                "size": {"shortest_edge": SIDE},
                "crop_size": {"height": SIDE, "width": SIDE},
                "resample": 3,
                "image_mean": MEAN,
                "image_std": STD,
            }
        )
    )
    pixels = numpy.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=numpy.uint8)
    (folder / "picture.rgb").write_bytes(pixels.tobytes())


def run():
    torch.set_num_threads(int(sys.argv[3]))
    # There is no other attention of GIT's in transformers than the eager one.
    model = transformers.GitForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    bytes_ = numpy.fromfile(folder / "picture.rgb", dtype=numpy.uint8).reshape(SIDE, SIDE, 3)
    scaled = (torch.from_numpy(bytes_).float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)
    pixels = scaled.permute(2, 0, 1)[None].contiguous()
    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    answer({"versions": versions, "detail": f"{torch.get_num_threads()} threads, eager attention, key-value cache"})
    for line in sys.stdin:
        tokens = json.loads(line)["generate"]["tokens"]
        with torch.inference_mode():
            start = time.perf_counter()
            written = model.generate(
                pixel_values=pixels, max_new_tokens=tokens, do_sample=False, num_beams=1, use_cache=True
            )
            milliseconds = 1000 * (time.perf_counter() - start)
        # The first is the start token.
        answer({"milliseconds": milliseconds, "tokens": written[0, 1:].tolist()})


def answer(value):
    print(json.dumps(value), flush=True)


{"write": write, "run": run}[action]()
