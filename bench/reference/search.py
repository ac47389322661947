"""
Greedy decoding and beam search, slow and plain: no cache, one text at a time, every token from the whole text before it.

Beam search (Graves, 2012; Sutskever, Vinyals and Le, 2014, section 3.2) keeps the likeliest unfinished texts of a length. Texts that are over are
compared by their log-probability over a power of their length, so that short ones have no advantage (Wu et al., 2016, section 7, in the
plain form of fairseq, Ott et al., 2019). The rules are those of Hugging Face Transformers 5.24 with `early_stopping=False`: of all continuations
of a step, ranked, those among the first `beams` that end or reach the limit are complete, and the best `beams` complete ones are kept. The search
stops once there are so many and the likeliest unfinished text has no better score than the worst of them.
"""
from typing import List, NamedTuple

import torch


class Text(NamedTuple):
    tokens: List[int]  # new ones, without the end token
    log_probs: List[float]  # with that of the end token, where it was reached
    finished: bool = False

    @property
    def log_prob(self):
        return sum(self.log_probs)

    def followed_by(self, token, log_prob, eos):
        log_probs = [*self.log_probs, log_prob]
        return Text(self.tokens, log_probs, True) if token == eos else Text([*self.tokens, token], log_probs)

    def score(self, alpha):
        return self.log_prob / len(self.log_probs) ** alpha


class Margins:
    """How close the two sides of a decision came: where that is less than the noise of float32, texts would be chance."""

    def __init__(self):
        self.least = float("inf")

    def see(self, ranked, place):
        """A decision between what stands before `place` and what stands there."""
        if 0 < place < len(ranked):
            self.least = min(self.least, ranked[place - 1] - ranked[place])


@torch.no_grad()
def next_log_probs(model, image, prompt, text):
    """log p of each token [V] after image [S, S, 3] or None, prompt and what was generated."""
    special = model.config["tokens"]
    tokens = torch.tensor([[*prompt, *text.tokens, special["pad"]]])
    batch = {
        "images": None if image is None else image[None],
        "tokens": tokens,
        "text_lengths": torch.tensor([tokens.shape[1]]),
        "prefix_lengths": torch.tensor([len(prompt)]),
    }
    hidden = model.hidden(batch["images"], model.layout(batch))
    return torch.log_softmax(model.logits(hidden[0, -1]), -1).tolist()


def greedy(model, image, prompt, limit, margins):
    """The likeliest token each time, `limit` of them at most, the end token included."""
    eos, text = model.config["tokens"]["eos"], Text([], [])
    while not text.finished and len(text.tokens) < limit:
        log_probs = next_log_probs(model, image, prompt, text)
        margins.see(sorted(log_probs, reverse=True), 1)
        best = max(range(len(log_probs)), key=log_probs.__getitem__)
        text = text.followed_by(best, log_probs[best], eos)
    return text


def beam_search(model, image, prompt, limit, beams, alpha, margins):
    """The best `beams` complete texts, best first."""
    eos = model.config["tokens"]["eos"]
    live, complete = [Text([], [])], []
    score = lambda text: text.score(alpha)
    is_over = lambda text: text.finished or len(text.tokens) == limit
    while live:
        ranked = [
            text.followed_by(token, log_prob, eos)
            for text in live
            for token, log_prob in enumerate(next_log_probs(model, image, prompt, text))
        ]
        ranked.sort(key=lambda text: text.log_prob, reverse=True)
        going_on = [text for text in ranked if not is_over(text)]
        margins.see([text.log_prob for text in going_on], beams)
        if any(is_over(text) for text in ranked[beams - 1 : beams + 1]):
            margins.see([text.log_prob for text in ranked], beams)
        complete = sorted([*complete, *filter(is_over, ranked[:beams])], key=score, reverse=True)
        for place in range(len(complete)):
            margins.see([score(text) for text in complete], place)
        complete, live = complete[:beams], going_on[:beams]
        if len(complete) == beams and live:
            best, worst = score(live[0]), score(complete[-1])
            margins.see(sorted([best, worst], reverse=True), 1)
            if best <= worst:
                break
    return complete
