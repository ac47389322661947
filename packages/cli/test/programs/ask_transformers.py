"""
`ask_transformers.py PICTURE QUESTION TEXT FOLDER...`: what transformers says of a picture and a text with each model, a JSON line a folder. The
question is for models that answer one.
"""
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


def log_probs_of(logits, ids, end):
    return logits[-len(ids) - 1 :].log_softmax(-1)[range(len(ids) + 1), [*ids, end]].tolist()


def answer(model, pixels, question, ids):
    """Of BLIP that answers questions, whose `forward` keeps the logits to itself."""
    text = model.config.text_config
    image = model.vision_model(pixel_values=pixels).last_hidden_state
    everything = torch.ones(image.shape[:2], dtype=torch.long)
    read = {"encoder_hidden_states": image, "encoder_attention_mask": everything}
    states = model.text_encoder(input_ids=question, attention_mask=torch.ones_like(question), **read)[0]
    row = torch.tensor([[text.bos_token_id, *ids]])
    logits = model.text_decoder(input_ids=row, encoder_hidden_states=states).logits[0]
    greedy = model.generate(input_ids=question, pixel_values=pixels, max_new_tokens=12, do_sample=False, num_beams=1)
    return {"logProbs": log_probs_of(logits, ids, text.sep_token_id), "tokens": greedy[0, 1:].tolist()}


def ask(folder, picture, question, text):
    config = transformers.AutoConfig.from_pretrained(folder)
    model = getattr(transformers, config.architectures[0]).from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder)
    pixels = processor(picture, do_convert_rgb=True, return_tensors="pt").pixel_values
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = tokenizer(text, add_special_tokens=False).input_ids
    begin, end = ends(config)
    if config.architectures[0] == "BlipForQuestionAnswering":
        asked = tokenizer(question, add_special_tokens=False).input_ids
        return answer(model, pixels, torch.tensor([[tokenizer.cls_token_id, *asked, end]]), ids)
    name = "decoder_input_ids" if config.model_type == "vision-encoder-decoder" else "input_ids"
    row = torch.tensor([[begin, *ids]])
    logits = model(pixel_values=pixels, **{name: row}).logits[0]
    # BLIP begins by itself.
    first = {} if config.model_type == "blip" else {name: torch.tensor([[begin]])}
    greedy = model.generate(pixel_values=pixels, **first, max_new_tokens=12, do_sample=False, num_beams=1)
    return {"logProbs": log_probs_of(logits, ids, end), "tokens": greedy[0, 1:].tolist()}


transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
with torch.no_grad(), Image.open(sys.argv[1]) as picture:
    for folder in sys.argv[4:]:
        print(json.dumps(ask(folder, picture, sys.argv[2], sys.argv[3])))
