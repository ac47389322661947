"""Writes the fixtures of the readers with the tools whose formats they are, and what these tools read back.

    python -m venv v && v/bin/pip install webdataset==1.0.2 datasets==5.2.0 pyarrow==26.0.1 pycocotools==2.0.11 pillow
    v/bin/python packages/data/test/readers/write-fixtures.py

With `--img2dataset`, and img2dataset 1.47.0 installed, its output is written anew as well.

Each folder in fixtures/ has a file expected.json: the samples in order, with the SHA-256 of the stored bytes of each picture.
"""
import contextlib
import hashlib
import http.server
import io
import json
import shutil
import sys
import tarfile
import tempfile
import threading
from pathlib import Path

import datasets
import pandas
import pyarrow
import pyarrow.parquet as pq
import webdataset as wds
from PIL import Image
from pycocotools.coco import COCO

ROOT = Path(__file__).parent / "fixtures"


def picture(number, form="JPEG", size=(24, 16)):
    """A small picture that no other number has."""
    image = Image.new("RGB", size)
    image.putdata([((x * 9 + number * 37) % 256, (y * 13 + number * 11) % 256, number * 5 % 256)
                   for y in range(size[1]) for x in range(size[0])])
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()


def sha(data):
    return hashlib.sha256(data).hexdigest()


def fresh(name):
    folder = ROOT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def expect(folder, samples):
    (folder / "expected.json").write_text(json.dumps(samples, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


PICTURES = {"jpg", "png", "webp", "jpeg"}


def read_webdataset(pattern):
    """What webdataset gives, in the terms of our samples."""
    samples = []
    for raw in wds.WebDataset(str(pattern), shardshuffle=False, empty_check=False):
        sample = {"key": raw["__key__"], "images": [], "texts": []}
        for name, data in raw.items():
            last = name.rsplit(".", 1)[-1]
            if last in PICTURES:
                sample["images"].append(sha(data))
            elif last == "txt":
                sample["texts"].append(data.decode("utf-8"))
            elif name == "cls":
                sample["label"] = int(data)
            elif name == "json":
                sample["json"] = json.loads(data)
        samples.append(sample)
    return samples


def webdataset():
    folder = fresh("webdataset")
    with wds.ShardWriter(str(folder / "plain-%06d.tar"), maxcount=3, verbose=0, mtime=0) as writer:
        for i in range(10):
            sample = {"__key__": f"pairs/{i:04d}", "jpg": picture(i), "txt": f"caption {i} é 狐",
                      "json": {"width": 24, "number": i}, "cls": i % 3}
            if i == 4:
                del sample["txt"]
            if i == 7:
                del sample["jpg"]
            writer.write(sample)
    expect(folder, {"plain": read_webdataset(str(folder / "plain-{000000..000003}.tar"))})

    packed = folder / "packed.tar"  # gzip, whatever its name says
    with wds.TarWriter(str(folder / "packed.tar.gz"), compress=True, mtime=0) as writer:
        for i in range(4):
            writer.write({"__key__": f"z{i}", "png": picture(i, "PNG"), "0.txt": f"one {i}", "1.txt": f"two {i}"})
    data = bytearray((folder / "packed.tar.gz").read_bytes())
    data[4:8] = bytes(4)  # the time of writing
    packed.write_bytes(data)
    (folder / "packed.tar.gz").unlink()

    members = [
        ("__skipped__/x.jpg", picture(1)), ("__meta__.json", b'{"a": 1}'), (".hidden.txt", b"hidden"),
        ("folder/.hidden.txt", b"below"), ("noextension", b"none"), ("v1.0/b.JPG", picture(2)), ("v1.0/b.txt", b"dots in the folder"),
        ("with.dots.jpg", picture(3)), ("./d.jpg", picture(4)), ("./d.txt", b"dot"), ("a/x.txt", b"ax"), ("b/x.txt", b"bx"),
        ("a/x.txt", b"ax again"), ("l" * 130 + ".txt", b"long"), ("ordner/käse 狐.txt", "käse".encode()),
        ("q" * 60 + "/" + "r" * 80 + ".txt", b"prefix"), ("only.jpg", picture(5)), ("only.bin", b"\1" * 700),
    ]
    for name, form in (("names-pax", tarfile.PAX_FORMAT), ("names-gnu", tarfile.GNU_FORMAT)):
        with tarfile.open(folder / f"{name}.tar", "w", format=form) as tar:
            info = tarfile.TarInfo("folder.jpg")
            info.type = tarfile.DIRTYPE
            tar.addfile(info)
            link = tarfile.TarInfo("link.jpg")
            link.type, link.linkname = tarfile.SYMTYPE, "only.jpg"
            tar.addfile(link)
            for member, data in members:
                info = tarfile.TarInfo(member)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    whole = (folder / "names-pax.tar").read_bytes()
    (folder / "no-end.tar").write_bytes(whole[:len(whole.rstrip(b"\0")) + -len(whole.rstrip(b"\0")) % 512])
    expected = json.loads((folder / "expected.json").read_text())
    for name in ("packed", "names-pax", "names-gnu", "no-end"):
        expected[name] = read_webdataset(folder / f"{name}.tar")
    expect(folder, expected)


def image_hash(value):
    return sha(value["bytes"] if value["bytes"] is not None else Path(value["path"]).read_bytes())


def read_with_datasets(split):
    """The rows of a Hugging Face data set, a picture as the hash of its stored bytes."""
    names = [name for name, kind in split.features.items() if isinstance(kind, datasets.Image)]
    for name in names:
        split = split.cast_column(name, datasets.Image(decode=False))
    return [{key: (value if key not in names else image_hash(value) if value else None) for key, value in row.items()}
            for row in split]


def imagefolder():
    folder = fresh("imagefolder")
    expected = {}
    rows = [{"file_name": f"p/{(i * 5) % 6}.jpg", "text": f'caption {i}, with "quotes"\nand é', "extra": i} for i in range(6)]
    for form in ("jsonl", "csv"):
        place = folder / form / "train"
        (place / "p").mkdir(parents=True)
        for i in range(6):
            (place / "p" / f"{i}.jpg").write_bytes(picture(i))
        if form == "jsonl":
            (place / "metadata.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            pandas.DataFrame(rows).to_csv(place / "metadata.csv", index=False)
        expected[form] = read_with_datasets(datasets.load_dataset("imagefolder", data_dir=folder / form, split="train"))
    for split, count in (("train", 5), ("test", 2)):
        for i in range(count):
            place = folder / "labels" / split / ("hen" if i % 2 else "fox")
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{i}.png").write_bytes(picture(i, "PNG"))
        data = datasets.load_dataset("imagefolder", data_dir=folder / "labels", split=split)
        names = data.features["label"].names
        expected[f"labels-{split}"] = [{**row, "label": names[row["label"]]} for row in read_with_datasets(data)]
    expect(folder, expected)


def tables():
    folder = fresh("tables")
    rows = [{"id": f"r{i}", "picture": f"p/{i}.jpg", "caption": text, "likes": i} for i, text in enumerate([
        "plain", 'with "quotes" inside', '"all in quotes"', "comma, comma", "two\nlines", "two\r\nlines", " blanks ",
        "tab\there", "käse 狐 🦊", 'quote at the end"', '5" nail', "last"])]
    frame = pandas.DataFrame(rows)
    frame.to_csv(folder / "pairs.csv", index=False)
    frame.to_csv(folder / "windows.csv", index=False, lineterminator="\r\n", encoding="utf-8-sig")
    (folder / "odd.csv").write_text('id,caption\na,5" nail\nb,"q"tail\nc,\n')
    (folder / "conceptual.tsv").write_text('a "fox" in the snow\thttp://x.test/1.jpg\n"quoted\thttp://x.test/2.jpg\n')
    (folder / "p").mkdir()
    for i in range(len(rows)):
        (folder / "p" / f"{i}.jpg").write_bytes(picture(i))
    expected = {}
    for name in ("pairs", "windows", "odd"):
        read = pandas.read_csv(folder / f"{name}.csv", keep_default_na=False)
        expected[name] = read.to_dict("records")
    expected["conceptual"] = pandas.read_csv(folder / "conceptual.tsv", sep="\t", quoting=3, header=None).values.tolist()
    expect(folder, expected)


def parquet():
    folder = fresh("parquet")
    rows = {"image": [{"bytes": picture(i), "path": f"{i}.jpg" if i % 3 else None} if i != 4 else None for i in range(16)],
            "caption": [f"caption {i} 狐" if i != 5 else None for i in range(16)], "label": [i % 3 for i in range(16)],
            "captions": [[f"a{i}", f"b{i}"] for i in range(16)], "hash": [2 ** 62 + i for i in range(16)],
            "score": [i / 4 for i in range(16)]}
    features = datasets.Features({"image": datasets.Image(), "caption": datasets.Value("string"),
                                  "label": datasets.ClassLabel(names=["hen", "fox", "owl"]),
                                  "captions": datasets.List(datasets.Value("string")), "hash": datasets.Value("int64"),
                                  "score": datasets.Value("float32")})
    data = datasets.Dataset.from_dict(rows, features=features)
    data.to_parquet(folder / "train-00000-of-00001.parquet", batch_size=6)
    back = datasets.Dataset.from_parquet(str(folder / "train-00000-of-00001.parquet"), cache_dir=folder / "cache")
    expected = {"datasets": read_with_datasets(back)}
    shutil.rmtree(folder / "cache")
    table = pyarrow.table({"URL": [f"http://x.test/{i}.jpg" if i != 2 else None for i in range(8)],
                           "TEXT": [f"text {i}" if i != 3 else None for i in range(8)], "WIDTH": [24.0] * 8,
                           "hash": [2 ** 60 + i for i in range(8)]})
    for codec in ("snappy", "zstd", "gzip", "brotli", "lz4", "none"):
        pq.write_table(table, folder / f"laion-{codec}.parquet", compression=codec, row_group_size=5, write_page_index=codec != "gzip")
    expected["laion"] = pq.read_table(folder / "laion-zstd.parquet").to_pylist()
    raw = pyarrow.table({"left": [picture(i) for i in range(3)], "right": [picture(i + 9) for i in range(3)], "text": ["a", "b", "c"]})
    pq.write_table(raw, folder / "pairs.parquet")
    expected["pairs"] = [{**row, "left": sha(row["left"]), "right": sha(row["right"])} for row in raw.to_pylist()]
    expect(folder, expected)


def arrow():
    folder = fresh("arrow")

    def data(begin, count):
        rows = range(begin, begin + count)
        return datasets.Dataset.from_dict(
            {"image": [{"bytes": picture(i), "path": None} if i != 3 else None for i in rows], "text": [f"text {i} 狐" for i in rows],
             "label": [i % 2 for i in rows], "answers": [[f"a{k}" for k in range(i % 3 + 1)] for i in rows]},
            features=datasets.Features({"image": datasets.Image(), "text": datasets.Value("string"),
                                        "label": datasets.ClassLabel(names=["hen", "fox"]),
                                        "answers": datasets.List(datasets.Value("string"))}))

    data(0, 7).save_to_disk(folder / "saved", num_shards=2)
    datasets.DatasetDict({"train": data(10, 3), "test": data(20, 2)}).save_to_disk(folder / "splits")
    table = pyarrow.table({"text": pyarrow.array([f"t{i % 3}" for i in range(20)]).dictionary_encode(), "likes": list(range(20))})
    for name, make in (("stream", pyarrow.ipc.new_stream), ("file", pyarrow.ipc.new_file)):
        with make(str(folder / f"{name}.arrow"), table.schema) as writer:
            writer.write_table(table, max_chunksize=6)
    expected = {"saved": read_with_datasets(datasets.load_from_disk(folder / "saved")),
                "train": read_with_datasets(datasets.load_from_disk(folder / "splits")["train"]),
                "test": read_with_datasets(datasets.load_from_disk(folder / "splits")["test"]),
                "stream": table.to_pylist()}
    expect(folder, expected)


def img2dataset():
    """Three pictures of four addresses, fetched by img2dataset from a server of this machine."""
    from img2dataset import download

    folder = fresh("img2dataset")
    served = {f"/{i}.jpg": picture(i, size=(40, 30)) for i in range(3)}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            data = served.get(self.path)
            self.send_response(200 if data else 404)
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as place:
        table = Path(place) / "list.csv"
        address = f"http://127.0.0.1:{server.server_port}"
        table.write_text("url,caption\n" + "".join(f"{address}/{i}.jpg,picture {i} é\n" for i in range(4)))
        download(url_list=str(table), input_format="csv", url_col="url", caption_col="caption", output_format="webdataset",
                 output_folder=str(Path(place) / "out"), processes_count=1, thread_count=1, image_size=24, number_sample_per_shard=15)
        for name in ("00000.tar", "00000.parquet", "00000_stats.json"):
            shutil.copy(Path(place) / "out" / name, folder / name)
    server.shutdown()
    expect(folder, {"samples": read_webdataset(folder / "00000.tar")})


def annotations():
    folder = fresh("annotations")
    (folder / "images").mkdir()

    def store(name, number):
        (folder / "images" / name).write_bytes(picture(number))

    def dump(name, value):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")

    def lines(name, values):
        (folder / name).write_text("".join(json.dumps(value) + "\n" for value in values))

    expected = {}
    ids = [391895, 522418, 184613, 318219]
    for i, number in enumerate(ids):
        store(f"COCO_val2014_{number:012d}.jpg", i)
    images = [{"license": 3, "file_name": f"COCO_val2014_{number:012d}.jpg", "height": 16, "width": 24, "id": number} for number in ids]
    captions = [{"image_id": number, "id": 100 + i, "caption": f"caption {i} of {number} é "} for i, number in
                enumerate([522418, 391895, 522418, 184613, 391895, 522418])]
    dump("captions_val2014.json", {"info": {}, "images": images, "licenses": [], "annotations": captions})
    nocaps = [{**image, "domain": domain, "open_images_id": str(i)} for i, (image, domain) in
              enumerate(zip(images, ["in-domain", "near-domain", "out-domain", "in-domain"]))]
    dump("nocaps_val.json", {"images": nocaps, "annotations": captions})
    for name in ("captions_val2014", "nocaps_val"):
        with contextlib.redirect_stdout(None):
            coco = COCO(folder / f"{name}.json")
        expected[name] = [{"key": str(image["id"]), "path": image["file_name"], "domain": image.get("domain"),
                           "texts": [row["caption"] for row in coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))]}
                          for image in coco.loadImgs(coco.getImgIds())]

    splits = ["train", "restval", "val", "test"]
    dump("dataset_coco.json", {"dataset": "coco", "images": [
        {"filepath": "val2014", "filename": f"COCO_val2014_{number:012d}.jpg", "imgid": i, "cocoid": number, "split": splits[i],
         "sentids": [2 * i, 2 * i + 1],
         "sentences": [{"tokens": ["a"], "raw": f"A sentence {k} of {i}." + ("\n" if k else ""), "imgid": i, "sentid": 2 * i + k} for k in range(2)]}
        for i, number in enumerate(ids)]})

    questions = [{"image_id": number, "question": f"What is {i}?", "question_id": number * 1000 + i} for i, number in enumerate(ids)]
    dump("v2_OpenEnded_mscoco_val2014_questions.json", {"data_type": "mscoco", "data_subtype": "val2014", "questions": questions})
    dump("v2_mscoco_val2014_annotations.json", {"data_subtype": "val2014", "annotations": [
        {"question_type": "what is", "multiple_choice_answer": "down", "answers": [
            {"answer": f"a{k % 3}", "answer_confidence": "yes", "answer_id": k + 1} for k in range(10)],
         "image_id": q["image_id"], "answer_type": "other", "question_id": q["question_id"]} for q in reversed(questions[:3])]})

    for k in range(2):
        store(f"dev-850-0-img{k}.png", 20 + k)
    (folder / "images" / "17").mkdir()
    for k in range(2):
        store(f"17/train-10171-0-img{k}.png", 22 + k)
    lines("nlvr2_dev.json", [
        {"sentence": "The right image shows a dog.", "left_url": "http://x.test/l", "right_url": "http://x.test/r", "writer": 118,
         "identifier": "dev-850-0-0", "label": "True"},
        {"validation": {"1": "False"}, "sentence": "Two dogs.", "identifier": "train-10171-0-1", "directory": 17, "label": "False"}])

    for i in range(3):
        store(f"{1000 + i}.jpg", 30 + i)
    lines("snli_ve_dev.jsonl", [
        {"annotator_labels": ["neutral"], "captionID": f"{1000 + i}.jpg#2", "gold_label": label, "pairID": f"{1000 + i}.jpg#2r1{label[0]}",
         "sentence1": "A premise.", "sentence2": f"A hypothesis {i}.", "Flikr30kID": f"{1000 + i}" + (".jpg" if i else "")}
        for i, label in enumerate(["neutral", "-", "entailment"])])

    (folder / "results_20130124.token").write_text("".join(
        f'{1000 + i}.jpg#{k}\tA "caption" | {k} of {i} .\n' for i in range(3) for k in range(2)))
    (folder / "results.csv").write_text("image_name| comment_number| comment\n" + "".join(
        f'{1000 + i}.jpg| {k}| A "caption" | {k} of {i} .\n' for i in range(3) for k in range(2))
        + "1002.jpg| 4   A dog runs across the grass .\n")

    dump("TextCaps_0.1_val.json", {"dataset_type": "val", "data": [
        {"caption_id": 10 * i + k, "image_id": f"abc{i}", "image_path": f"train/abc{i}.jpg", "caption_str": f"Sign {k} of {i}",
         "caption_tokens": ["sign"], "reference_strs": [f"Sign {n} of {i}" for n in range(2)]} for k in range(2) for i in range(3)]})

    (folder / "text.en").write_text("one\ntwo words\n\nfour\n")
    (folder / "text.de").write_text("eins\nzwei Wörter\ndrei\nvier\n", encoding="utf-8")
    (folder / "text.images").write_text("1000.jpg#0\n1001.jpg\n1001.jpg\n1002.jpg\n")
    expect(folder, expected)


if __name__ == "__main__":
    webdataset()
    imagefolder()
    tables()
    parquet()
    arrow()
    annotations()
    # It keeps the time and the port: another run writes other bytes.
    if "--img2dataset" in sys.argv:
        img2dataset()
