"""`ask_transformers.py PICTURE TEXT FOLDER...`: what transformers says of a picture and a text with each model, a JSON line a folder."""
import json
import sys

import torch
import transformers
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer


def ask(folder, picture, text):
    config = transformers.AutoConfig.from_pretrained(folder)
    model = getattr(transformers, config.architectures[0]).from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    pixels = processor(picture, do_convert_rgb=True, return_tensors="pt").pixel_values
    ids = AutoTokenizer.from_pretrained(folder)(text, add_special_tokens=False).input_ids
    begin = {"git": "bos_token_id", "vision-encoder-decoder": "decoder_start_token_id"}[config.model_type]
    name = {"git": "input_ids", "vision-encoder-decoder": "decoder_input_ids"}[config.model_type]
    begin = getattr(config, begin)
    row = torch.tensor([[begin, *ids]])
    logits = model(pixel_values=pixels, **{name: row}).logits[0, -row.shape[1] :]
    log_probs = logits.log_softmax(-1)[range(len(ids) + 1), [*ids, config.eos_token_id]]
    first = torch.tensor([[begin]])
    greedy = model.generate(pixel_values=pixels, **{name: first}, max_new_tokens=12, do_sample=False)
    return {"logProbs": log_probs.tolist(), "tokens": greedy[0, 1:].tolist()}


transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
with torch.no_grad(), Image.open(sys.argv[1]) as picture:
    for folder in sys.argv[3:]:
        print(json.dumps(ask(folder, picture, sys.argv[2])))
