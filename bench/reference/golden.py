"""
`python3 bench/reference/golden.py FOLDER`: what the PyTorch reference computes, for a backend to be compared with. A folder for each model:

  weights.safetensors   as `SimVlm.loadWeights` takes them
  golden.json           configuration, batches, losses, training, texts; and the command
  expected.safetensors  images (whole numbers from 0 to 255), logits of each batch, gradients of all batches together

It computes in float64 from float32 weights, so that a difference is the other's own rounding.
"""
import copy
import itertools
import json
import pathlib
import sys

import torch

from search import Margins, beam_search, greedy
from simvlm import SimVlm, load_weights, make_optimizer, save_weights, to_file
from tensors import write_safetensors

SHAPE = {
    "imageSize": 32,
    "width": 24,
    "layers": 2,
    "heads": 3,
    "mlp": 48,
    "vocabSize": 32,
    "maxTextLength": 12,
    "tokens": {"pad": 0, "bos": 1, "eos": 2},
}
# 4 × 4 image tokens both.
PATCHERS = {
    "conv": {
        "kind": "conv",
        "stem": {"kernel": 7, "stride": 2, "channels": 16, "pool": True},
        "stages": [{"blocks": 1, "channels": 32, "stride": 1}, {"blocks": 2, "channels": 64, "stride": 2}],
        "groups": 8,
    },
    "linear": {"kind": "linear", "patchSize": 8},
}
# Tokens of a text, its end token included, and of its prefix: full length, nothing but an end, a prefix that leaves one token.
PAIRS = [(12, 0), (1, 0), (12, 11), (7, 3)]
DOCUMENTS = [(12, 4), (1, 0), (5, 4), (8, 0)]
TRAINING = {"learningRate": 0.001, "weightDecay": 0.01, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "clip": 1.0}
STEPS = 10
PROMPTS = [0, 3, 11, 1]  # tokens; the longest leaves room for one
BEAMS = [{"beams": 3, "lengthPenalty": 0.6}, {"beams": 4, "lengthPenalty": 2.0}]
CAPTIONS = 2
# Where to begin to look for an example: counted up from 1 once, which takes minutes.
SEEDS = {
    "encoder-decoder-conv": 135,
    "encoder-decoder-linear": 76,
    "decoder-only-conv": 151,
    "decoder-only-linear": 167,
}
MARGIN = 1e-4  # nats; float32 rounds a hundred times finer
STEADY = 1e-5  # relative, of a gradient norm


def scatter(model, generator):
    """Other numbers than fresh weights have: with norms of one, biases of zero and branches that begin at zero much would go unseen."""
    for name, parameter in model.named_parameters():
        mean, deviation = 0.0, 0.5
        if name.endswith("gamma"):
            mean, deviation = 1.0, 0.3
        elif name.startswith("embedding"):
            # Otherwise a token likes itself best, as the table is also the output layer.
            deviation = 0.25
        elif name.endswith(".weight"):
            fan_in = parameter[0].numel() if parameter.dim() == 4 else parameter.shape[0]
            deviation = 1.5 / fan_in**0.5
        noise = torch.randn(parameter.shape, generator=generator)
        parameter.data = mean + deviation * noise


def make_batch(rows, images, generator):
    special, most = SHAPE["tokens"], SHAPE["maxTextLength"]
    tokens = torch.randint(3, SHAPE["vocabSize"], (len(rows), most), generator=generator)
    for row, (text, _) in zip(tokens, rows):
        row[text - 1], row[text:] = special["eos"], special["pad"]
    side = SHAPE["imageSize"]
    pixels = torch.rand((len(rows), side, side, 3), generator=generator).mul(255).round()
    return {
        "images": pixels.double() / 127.5 - 1 if images else None,
        "tokens": tokens,
        "text_lengths": torch.tensor([text for text, _ in rows]),
        "prefix_lengths": torch.tensor([prefix for _, prefix in rows]),
    }


def passes(model, batches):
    """Logits of each batch (0 where there is no place), losses, gradients."""
    plans = [model.layout(batch) for batch in batches]
    tensors, losses = {}, []
    for i, (batch, plan) in enumerate(zip(batches, plans)):
        start = batch["prefix_lengths"] if model.paired else 0
        exists = torch.arange(plan.inputs.shape[1]) < (batch["text_lengths"] - start)[:, None]
        with torch.no_grad():
            tensors[f"logits.{i}"] = model.logits(model.hidden(batch["images"], plan)) * exists[..., None]
            losses.append(float(model.loss(batch)))
    loss = model.loss(*batches)
    model.zero_grad()
    loss.backward()
    gradients = to_file({name: parameter.grad for name, parameter in model.named_parameters()})
    tensors.update({f"gradient.{name}": gradient for name, gradient in gradients.items()})
    return tensors, losses, float(loss)


def train(model, batches):
    """The losses of ten steps on the same batches, each before its step, and the gradients' norms."""
    betas = (TRAINING["beta1"], TRAINING["beta2"])
    optimizer = make_optimizer(
        model, TRAINING["learningRate"], TRAINING["weightDecay"], betas=betas, eps=TRAINING["epsilon"]
    )
    losses, norms = [], []
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss = model.loss(*batches)
        loss.backward()
        norms.append(float(torch.nn.utils.clip_grad_norm_(model.parameters(), TRAINING["clip"])))
        optimizer.step()
        losses.append(float(loss))
    assert losses[-1] < losses[0] - 0.1 and max(norms) > TRAINING["clip"], "there is nothing to follow"
    return {**TRAINING, "losses": losses, "gradientNorms": norms}


def steady(model, batches):
    """Whether float32 takes the same ten steps: it does not where a rounding moves a maximum or a sign to another place."""
    pictures, documents = batches
    single = [{**pictures, "images": pictures["images"].float()}, documents]
    exact, rounded = train(copy.deepcopy(model), batches), train(copy.deepcopy(model).float(), single)
    return all(abs(a - b) <= STEADY * b for a, b in zip(rounded["gradientNorms"], exact["gradientNorms"]))


def as_json(text, **more):
    return {"tokens": text.tokens, "finished": text.finished, "logProb": text.log_prob, **more}


def make_prompts(generator):
    """Rows behind pictures, and rows of text alone."""
    words = lambda length: torch.randint(3, SHAPE["vocabSize"], (length,), generator=generator).tolist()
    pairs = [{"image": row, "prompt": words(length)} for row, length in enumerate(PROMPTS)]
    return pairs + [{"image": None, "prompt": words(length)} for length in PROMPTS]


def decode(search, rows, images):
    """What `search` (image, prompt, limit) finds for each row."""
    pictures = [None if row["image"] is None else images[row["image"]] for row in rows]
    limits = [SHAPE["maxTextLength"] - len(row["prompt"]) for row in rows]
    return [search(picture, row["prompt"], limit) for picture, row, limit in zip(pictures, rows, limits)]


def varied(texts):
    """Some end and some do not; behind pictures as behind prompts alone there are some of several words."""
    half = len(texts) // 2
    words = [max(len(set(text.tokens)) for text in part) for part in (texts[:half], texts[half:])]
    return {text.finished for text in texts} == {True, False} and min(words) > 2


def generate(model, rows, images):
    """Texts of each kind of decoding; None where they show little, or where a last digit could change them."""
    margins = Margins()
    texts = decode(lambda *prefix: greedy(model, *prefix, margins), rows, images)
    if not varied(texts) or margins.least < MARGIN:
        return None
    found = {"greedy": [as_json(text) for text in texts], "beams": []}
    best = {str([text.tokens for text in texts])}
    for options in BEAMS:
        beams, alpha = options["beams"], options["lengthPenalty"]
        searches = decode(lambda *prefix: beam_search(model, *prefix, beams, alpha, margins), rows, images)
        captions = [[as_json(text, score=text.score(alpha)) for text in texts[:CAPTIONS]] for texts in searches]
        found["beams"].append({**options, "captions": CAPTIONS, "texts": captions})
        best.add(str([texts[0].tokens for texts in searches]))
    differ = len(best) == 1 + len(BEAMS)
    return {"rows": rows, **found} if differ and margins.least > MARGIN else None


def example(config, first):
    """The first seed from there on whose texts show something, and whose steps can be followed."""
    for seed in itertools.count(first):
        generator = torch.Generator().manual_seed(seed)
        model = SimVlm(config)
        scatter(model, generator)
        model.double()
        batches = [make_batch(PAIRS, True, generator), make_batch(DOCUMENTS, False, generator)]
        generated = generate(model, make_prompts(generator), batches[0]["images"])
        if generated and steady(model, batches):
            return seed, model, batches, generated


def write(folder, config):
    folder.mkdir(parents=True, exist_ok=True)
    seed, model, batches, generated = example(config, SEEDS[folder.name])
    save_weights(model.float(), folder / "weights.safetensors")
    model.double()
    tensors, losses, loss = passes(model, batches)
    tensors = {"images": (127.5 * (batches[0]["images"] + 1)).round(), **tensors}
    write_safetensors(folder / "expected.safetensors", {name: tensor.float() for name, tensor in tensors.items()})
    golden = {
        "command": "python3 bench/reference/golden.py conformance/fixtures/simvlm",
        "versions": {"PyTorch": torch.__version__},
        "seed": seed,
        "config": config,
        "batches": [
            {
                "images": batch["images"] is not None,
                "textLengths": batch["text_lengths"].tolist(),
                "prefixLengths": batch["prefix_lengths"].tolist(),
                "tokens": batch["tokens"].tolist(),
            }
            for batch in batches
        ],
        "losses": losses,
        "loss": loss,
        "training": train(model, batches),
        "generated": generated,
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in golden.items())
    (folder / "golden.json").write_text(f"{{\n{lines}\n}}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for architecture, (kind, patcher) in itertools.product(("encoder-decoder", "decoder-only"), PATCHERS.items()):
        name = f"{architecture}-{kind}"
        write(pathlib.Path(sys.argv[1]) / name, {"architecture": architecture, **SHAPE, "patcher": patcher})
        print(name)
