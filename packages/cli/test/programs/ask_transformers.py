"""`ask_transformers.py PICTURE TEXT FOLDER...`: what transformers says of a picture and a text with each model, a JSON line a folder."""
import json
import sys

import torch
import transformers
from PIL import Image
from transformers import AutoImageProcessor, AutoTokenizer


def ends(config):
    """The ids that begin and end a text."""
    if config.model_type == "blip":
        return config.text_config.bos_token_id, config.text_config.sep_token_id
    begin = config.bos_token_id if config.model_type == "git" else config.decoder_start_token_id
    return begin, config.eos_token_id


def ask(folder, picture, text):
    config = transformers.AutoConfig.from_pretrained(folder)
    model = getattr(transformers, config.architectures[0]).from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    pixels = processor(picture, do_convert_rgb=True, return_tensors="pt").pixel_values
    ids = AutoTokenizer.from_pretrained(folder)(text, add_special_tokens=False).input_ids
    begin, end = ends(config)
    name = "decoder_input_ids" if config.model_type == "vision-encoder-decoder" else "input_ids"
    row = torch.tensor([[begin, *ids]])
    logits = model(pixel_values=pixels, **{name: row}).logits[0, -row.shape[1] :]
    log_probs = logits.log_softmax(-1)[range(len(ids) + 1), [*ids, end]]
    # BLIP begins by itself.
    first = {} if config.model_type == "blip" else {name: torch.tensor([[begin]])}
    greedy = model.generate(pixel_values=pixels, **first, max_new_tokens=12, do_sample=False, num_beams=1)
    return {"logProbs": log_probs.tolist(), "tokens": greedy[0, 1:].tolist()}


transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
with torch.no_grad(), Image.open(sys.argv[1]) as picture:
    for folder in sys.argv[3:]:
        print(json.dumps(ask(folder, picture, sys.argv[2])))
