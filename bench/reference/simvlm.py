"""
SimVLM (Wang et al., ICLR 2022) in plain PyTorch: the reference that the library of this repository is compared with.

It follows the specification (README.md of packages/model, attention and vision-patcher), reads the library's JSON
configuration, and names its parameters as the library does, so that weights go both ways as safetensors.

Legend of shapes:
  B rows          S image side, pixels     h, w grid of image tokens, N = h·w
  T text tokens   P text prefix (encoder)  M = N + P memory    L decoder places
  D width         H heads, d = D / H       F hidden width of an MLP    V vocabulary    C channels

A batch is a dictionary: `tokens` int64[B, T], `prefix_lengths` and `text_lengths` int64[B] (all on the CPU), and
`images` float32[B, S, S, 3] in [-1, 1], or None for rows of text alone. A text of n pieces has n + 1 tokens, its end
token included; the loss is on tokens prefix_lengths[b] … text_lengths[b] - 1.
"""
import math
from typing import NamedTuple, Optional

import torch
import torch.nn.functional as F
from torch import nn

from layers import LayerNorm, Linear, normal
from tensors import each_safetensor, write_safetensors
from vision import make_patcher

HIDDEN = -1e30  # below every score, yet finite: no difference of two of them is NaN
IGNORED = -100  # a target that is not learned
CAUSAL_KERNELS = hasattr(F, "scaled_dot_product_attention")


# ── masks ───────────────────────────────────────────────────────────────────────────────────────────────────────────


class Mask(NamedTuple):
    """Who sees whom, as attention uses it."""

    scores: Optional[torch.Tensor] = None  # [B, 1, Tq, Tk], 0 or HIDDEN, added to the scores; None when it says nothing
    empty: Optional[torch.Tensor] = None  # bool[B, 1, 1, 1], rows without a key, whose output is 0; None without such
    causal: bool = False  # key j ≤ query i, and nothing else: PyTorch has kernels for that


def visible(queries, keys, key_lengths, prefix_lengths, offset=0):
    """The one mask rule, bool[B, 1, Tq, Tk]: j < keyLength and (j < prefixLength or j ≤ i + offset)."""
    i = torch.arange(queries).view(1, 1, queries, 1)
    j = torch.arange(keys).view(1, 1, 1, keys)
    key_lengths, prefix_lengths = key_lengths.view(-1, 1, 1, 1), prefix_lengths.view(-1, 1, 1, 1)
    return (j < key_lengths) & ((j < prefix_lengths) | (j <= i + offset))


def make_mask(queries, keys, key_lengths, prefix_lengths, device):
    seen = visible(queries, keys, key_lengths, prefix_lengths)
    if seen.all():
        return Mask()
    if CAUSAL_KERNELS and seen.equal(torch.ones_like(seen).tril()):
        return Mask(causal=True)
    empty = key_lengths.view(-1, 1, 1, 1) == 0
    scores = torch.zeros(seen.shape).masked_fill(~seen, HIDDEN)
    return Mask(scores.to(device), empty.to(device) if empty.any() else None)


# ── Transformer ─────────────────────────────────────────────────────────────────────────────────────────────────────


def attend(q, k, v, mask, bias=None):
    """softmax(q·kᵀ/√d + bias) · v under the mask; q [B, H, Tq, d], k and v [B, H, Tk, d], bias [H, N, N]."""
    extra = mask.scores
    if bias is not None:
        bias = F.pad(bias, (0, k.shape[2] - bias.shape[2], 0, q.shape[2] - bias.shape[1]))
        extra = bias[None] if extra is None else extra + bias
    if hasattr(F, "scaled_dot_product_attention"):
        extra = None if extra is None else extra.to(q.dtype)
        y = F.scaled_dot_product_attention(q, k, v, extra, is_causal=mask.causal)
    else:
        scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(2, 3)
        y = torch.softmax(scores if extra is None else scores + extra, -1) @ v
    return y if mask.empty is None else y.masked_fill(mask.empty, 0)


class Cache:
    """Keys and values [B, H, capacity, d] of one layer; each token of a row at a place of its own."""

    def __init__(self, capacity):
        self.capacity, self.k, self.v = capacity, None, None

    def write(self, k, v, places):
        """Token t of row b goes to places[b, t]; what is cached up to the last place of all comes back."""
        if self.k is None:
            B, H, _, d = k.shape
            self.k, self.v = (k.new_zeros(B, H, self.capacity, d) for _ in range(2))
        rows, at = torch.arange(len(k), device=k.device)[:, None], places.to(k.device)
        self.k[rows, :, at], self.v[rows, :, at] = k.transpose(1, 2), v.transpose(1, 2)
        end = int(places.max()) + 1
        return self.k[:, :, :end], self.v[:, :, :end]


class Attention(nn.Module):
    """x + attention(norm(x)); the relative bias is between image tokens, which come first."""

    def __init__(self, width, heads, grid=None):
        super().__init__()
        self.heads = heads
        self.norm = LayerNorm(width)
        self.query, self.key, self.value, self.out = (Linear(width, width) for _ in range(4))
        if grid is not None:
            h, w = grid
            self.relative_bias = nn.Parameter(torch.zeros(heads, (2 * h - 1) * (2 * w - 1)))
            y, x = torch.arange(h * w) // w, torch.arange(h * w) % w
            # Column of the table for query i and key j: (row of j − row of i, column of j − column of i).
            pairs = (y[None] - y[:, None] + h - 1) * (2 * w - 1) + x[None] - x[:, None] + w - 1
            self.register_buffer("pairs", pairs, persistent=False)

    def split(self, x):
        return x.unflatten(-1, (self.heads, x.shape[-1] // self.heads)).transpose(1, 2)

    def project(self, x):
        """Keys and values [B, H, T, d] of x[B, T, D]."""
        return self.split(self.key(x)), self.split(self.value(x))

    def forward(self, x, mask, image=False, memory=None, cache=None, places=None):
        """Attends to itself, to `memory` (keys and values), or to what `cache` holds once x is written to it."""
        normed = self.norm(x)
        k, v = self.project(normed) if memory is None else memory
        if cache is not None:
            k, v = cache.write(k, v, places)
        bias = self.relative_bias[:, self.pairs] if image else None
        y = attend(self.split(self.query(normed)), k, v, mask, bias)
        return x + self.out(y.transpose(1, 2).flatten(2))


class Mlp(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.norm, self.hidden, self.out = LayerNorm(width), Linear(width, hidden), Linear(hidden, width)

    def forward(self, x):
        return x + self.out(F.gelu(self.hidden(self.norm(x)), approximate="tanh"))


def make_stack(config, grid, cross):
    """Pre-layer-norm blocks `0`, `1`, …, of `self`, `cross` (the decoder of the pair) and `mlp`, then `norm`."""
    width, heads = config["width"], config["heads"]
    stack = nn.ModuleDict()
    for i in range(config["layers"]):
        stack[str(i)] = nn.ModuleDict({"self": Attention(width, heads, grid), "mlp": Mlp(width, config["mlp"])})
        if cross:
            stack[str(i)]["cross"] = Attention(width, heads)
    stack["norm"] = LayerNorm(width)
    return stack


# ── the model ───────────────────────────────────────────────────────────────────────────────────────────────────────


class Prefix(NamedTuple):
    """What the pair's encoder reads beside the image."""

    tokens: torch.Tensor  # int64[B, P]
    positions: torch.Tensor  # int64[B, P]
    lengths: torch.Tensor  # int64[B], places of the memory that exist, on the CPU
    mask: Mask  # of [M, M]


class Layout(NamedTuple):
    """Place i of row b reads `inputs` and predicts `targets`, both int64[B, L]. All that follows from the lengths alone."""

    inputs: torch.Tensor
    targets: torch.Tensor  # IGNORED where the loss is not
    positions: torch.Tensor  # int64[B, L], in the whole text
    count: int  # targets that are learned
    mask: Mask  # of self-attention
    prefix: Optional[Prefix] = None  # of the pair, as is the next
    cross: Optional[Mask] = None  # of [L, M]


class SimVlm(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.paired = config["architecture"] == "encoder-decoder"
        D = config["width"]
        self.patcher = make_patcher(config)
        grid = self.patcher.grid
        self.image_tokens = grid[0] * grid[1]
        self.embedding = nn.ParameterDict({"weight": normal(config["vocabSize"], D, std=0.02)})
        self.positions = nn.ParameterDict(
            {"image": normal(self.image_tokens, D, std=0.02), "text": normal(config["maxTextLength"], D, std=0.02)}
        )
        if self.paired:
            self.encoder = make_stack(config, grid, cross=False)
        self.decoder = make_stack(config, None if self.paired else grid, cross=self.paired)

    @property
    def device(self):
        return self.positions["text"].device

    def embed_images(self, images):
        return self.patcher(images.to(self.device, non_blocking=True)) + self.positions["image"]

    def embed_text(self, tokens, positions):
        tokens, positions = tokens.to(self.device), positions.to(self.device)
        return F.embedding(tokens, self.embedding["weight"]) + F.embedding(positions, self.positions["text"])

    def blocks(self, stack):
        return [stack[str(i)] for i in range(self.config["layers"])]

    def layout(self, batch):
        """The pair's decoder starts behind the prefix; the one stack reads the whole text. Both begin with `bos`."""
        tokens, prefix, length = batch["tokens"], batch["prefix_lengths"], batch["text_lengths"]
        start = prefix if self.paired else torch.zeros_like(prefix)
        at = start[:, None] + torch.arange(int((length - start).max()))
        exists = at < length[:, None]
        at = at.clamp(max=tokens.shape[1] - 1)
        inputs = tokens.gather(1, (at - 1).clamp(min=0))
        inputs[:, 0] = self.config["tokens"]["bos"]
        learned = exists & (at >= prefix[:, None])
        targets = tokens.gather(1, at).masked_fill(~learned, IGNORED)
        places = [part.to(self.device) for part in (inputs, targets, at)]
        L, lengths, count = at.shape[1], length - start, int(learned.sum())
        if self.paired:
            read = self.prefix_layout(batch)
            M = read.tokens.shape[1] + (0 if batch["images"] is None else self.image_tokens)
            cross = make_mask(L, M, read.lengths, read.lengths, self.device)
            causal = make_mask(L, L, lengths, torch.zeros_like(lengths), self.device)
            return Layout(*places, count, causal, read, cross)
        before = 0 if batch["images"] is None else self.image_tokens
        # The prefix: image, `bos`, text prefix.
        mask = make_mask(before + L, before + L, before + lengths, before + 1 + prefix, self.device)
        return Layout(*places, count, mask)

    def prefix_layout(self, batch):
        tokens, lengths = batch["tokens"], batch["prefix_lengths"]
        before = 0 if batch["images"] is None else self.image_tokens
        # Without image and prefix there is one hidden token, so that the memory has a shape.
        P = max(int(lengths.max()), 0 if before > 0 else 1)
        places = (tokens[:, :P], torch.arange(P).expand(len(tokens), P))
        exist = before + lengths
        mask = make_mask(before + P, before + P, exist, exist, self.device)
        return Prefix(*(part.to(self.device) for part in places), exist, mask)

    def encode(self, images, prefix):
        """Memory: keys and values of [B, M] for each decoder layer."""
        parts = [] if images is None else [self.embed_images(images)]
        if prefix.tokens.shape[1] > 0:
            parts.append(self.embed_text(prefix.tokens, prefix.positions))
        x = torch.cat(parts, 1) if len(parts) > 1 else parts[0]
        for block in self.blocks(self.encoder):
            x = block["mlp"](block["self"](x, prefix.mask, image=images is not None))
        memory = self.encoder["norm"](x)
        return [block["cross"].project(memory) for block in self.blocks(self.decoder)]

    def hidden(self, images, plan, caches=None):
        """[B, L, D]; decoder-only, with caches: fills them with image and text."""
        x = self.embed_text(plan.inputs, plan.positions)
        if self.paired:
            for block, keys_values in zip(self.blocks(self.decoder), self.encode(images, plan.prefix)):
                x = block["mlp"](block["cross"](block["self"](x, plan.mask), plan.cross, memory=keys_values))
            return self.decoder["norm"](x)
        before = 0 if images is None else self.image_tokens
        if images is not None:
            x = torch.cat([self.embed_images(images), x], 1)
        places = torch.arange(x.shape[1]).expand(len(x), -1) if caches else None
        for i, block in enumerate(self.blocks(self.decoder)):
            cache = caches[i] if caches else None
            x = block["mlp"](block["self"](x, plan.mask, image=images is not None, cache=cache, places=places))
        return self.decoder["norm"](x[:, before:])

    def logits(self, hidden):
        """[…, V] of [..., D]: the table of the embedding once more."""
        return F.linear(hidden, self.embedding["weight"])

    def loss(self, *batches):
        """Mean cross-entropy, in nats, over the loss tokens of all batches."""
        plans = [self.layout(batch) for batch in batches]
        total = sum(self.summed_loss(batch["images"], plan) for batch, plan in zip(batches, plans))
        return total / sum(plan.count for plan in plans)

    def summed_loss(self, images, plan):
        """Its numerator for one batch: no number is looked at on the way, so that torch.compile makes one graph of it."""
        logits = self.logits(self.hidden(images, plan)).flatten(0, 1)
        return F.cross_entropy(logits, plan.targets.flatten(), ignore_index=IGNORED, reduction="sum")

    # ── cached greedy decoding ──────────────────────────────────────────────────────────────────────────────────────

    @torch.inference_mode()
    def generate(self, images, prompts=None, max_length=None, stop=True):
        """int64[B, n] of new tokens for images [B, S, S, 3]; with `stop`, until every row has had its end token."""
        config, rows = self.config, len(images)
        prompts = prompts or [[] for _ in range(rows)]
        prefix = torch.tensor([len(prompt) for prompt in prompts])
        tokens = torch.zeros(rows, int(prefix.max()) + 1, dtype=torch.int64)
        for row, prompt in zip(tokens, prompts):
            row[: len(prompt)] = torch.tensor(prompt)
        max_length = max_length or config["maxTextLength"] - int(prefix.max())
        batch = {"images": images, "tokens": tokens, "prefix_lengths": prefix, "text_lengths": prefix + 1}
        # The pair caches new tokens alone; the one stack also image, `bos` and the longest prompt.
        before = 0 if self.paired else self.image_tokens
        capacity = max_length + (0 if self.paired else before + tokens.shape[1])
        blocks = self.blocks(self.decoder)
        caches = [Cache(capacity) for _ in blocks]
        memory, cross = [None] * len(blocks), None
        if self.paired:
            read = self.prefix_layout(batch)
            memory = [(k.contiguous(), v.contiguous()) for k, v in self.encode(images, read)]
            cross = make_mask(1, memory[0][0].shape[2], read.lengths, read.lengths, self.device)
            last = torch.full((rows,), config["tokens"]["bos"], device=self.device)
        else:
            hidden = self.hidden(images, self.layout(batch), caches)
            last = self.logits(hidden[torch.arange(rows), prefix]).argmax(-1)
        chosen, ended = ([] if self.paired else [last]), torch.zeros(rows, dtype=torch.bool, device=self.device)
        while len(chosen) < max_length:
            step = len(chosen)
            if stop and chosen:
                ended |= last == config["tokens"]["eos"]
                if ended.all():
                    break
            places = torch.full((rows,), step) if self.paired else before + prefix + step
            positions = (prefix + step).clamp(max=config["maxTextLength"] - 1)
            x = self.embed_text(last[:, None], positions[:, None])
            # The newest token of a row sees all that its row has cached, itself included.
            mask = make_mask(1, int(places.max()) + 1, places + 1, places + 1, self.device)
            for block, cache, keys_values in zip(blocks, caches, memory):
                x = block["self"](x, mask, cache=cache, places=places[:, None])
                if self.paired:
                    x = block["cross"](x, cross, memory=keys_values)
                x = block["mlp"](x)
            last = self.logits(self.decoder["norm"](x[:, 0])).argmax(-1)
            chosen.append(last)
        return torch.stack(chosen, 1)


# ── weights and optimiser ───────────────────────────────────────────────────────────────────────────────────────────


def to_file(tensors):
    """Filters [C', C, k, k] as files have them: [k, k, C, C']."""
    return {name: t.permute(2, 3, 1, 0) if t.dim() == 4 else t for name, t in tensors.items()}


def save_weights(model, path):
    write_safetensors(path, to_file(model.state_dict()))


@torch.no_grad()
def load_weights(model, path):
    """Into the parameters that are there, with one tensor of the file in memory at a time."""
    own = model.state_dict()
    for name, tensor in each_safetensor(path):
        values = tensor.permute(3, 2, 0, 1) if tensor.dim() == 4 else tensor
        parameter = own.pop(name)
        if parameter.shape != values.shape:
            raise ValueError(f"{name} is {list(values.shape)} in the file, {list(parameter.shape)} in the model")
        parameter.copy_(values)
    if own:
        raise ValueError(f"the file lacks {', '.join(own)}")


def make_optimizer(model, learning_rate, weight_decay, **options):
    """AdamW; matrices and filters decay, not biases, norms, positions or relative biases."""
    groups = {True: [], False: []}
    for name, parameter in model.named_parameters():
        groups[name.endswith(".weight") and parameter.dim() >= 2].append(parameter)
    decays = [(weight_decay, groups[True]), (0.0, groups[False])]
    return torch.optim.AdamW(
        [{"params": params, "weight_decay": decay} for decay, params in decays], lr=learning_rate, **options
    )
