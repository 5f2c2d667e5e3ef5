#!/usr/bin/env python3
"""Vectors with known mistakes, made with the original libraries: mistakes/*.npy and manifest.json, for DiagnosisTests.

    PYTHONPATH=/folder/with/opencv .venv-goldens/bin/python Fixtures/diagnose/make_mistakes.py

Each case computes vectors of the trained minis (Fixtures/minis) with OpenAI's clip, open_clip or transformers, with one or
two mistakes. `causes` names them by the ids of docs/DIAGNOSE.md; an empty list marks right vectors. `history` names the
public issue in which the mistake was made. Environment: Scripts/environments/venv-goldens.sh, and opencv-python-headless.
"""

import importlib.metadata
import json
import re

import clip
import clip.simple_tokenizer
import cv2
import numpy
import open_clip
import torch
import torchvision.transforms.v2.functional as F
import transformers
from PIL import Image, ImageOps
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Normalize, Resize, ToTensor

import sources
from sources import HERE, MEAN, PLAIN, SIZE, SPECIAL, STD, OpenAI, encoded, in_open_clip, in_transformers

OUTPUT = HERE / "mistakes"
CASES = []
TEXTS = HERE / "texts.txt"
UNUSUAL = HERE / "unusual.txt"
TYPOGRAPHIC = HERE / "typographic.txt"
vit, rn = OpenAI("mini-vit"), OpenAI("mini-rn")


def case(name, causes, vectors, library, *, mini="mini-vit", images=None, texts=None, history=None, options=(),
         form=".npy", also=()):
    """Writes one case."""
    vectors = numpy.asarray(vectors)
    path = OUTPUT / f"{name}{form}"
    if form == ".npy":
        numpy.save(path, vectors)
    elif form == ".jsonl":
        path.write_text("".join(json.dumps({"vector": row.tolist()}) + "\n" for row in vectors))
    else:
        import safetensors.numpy
        safetensors.numpy.save_file({"embeddings": numpy.ascontiguousarray(vectors)}, path)
    entry = {"name": name, "file": path.name, "model": f"minis/{mini}.pt", "causes": list(causes), "library": library}
    if images is not None:
        entry["images"] = images
    if texts is not None:
        entry["texts"] = f"diagnose/{texts.name}"
    if also:
        entry["also"] = list(also)
    if history:
        entry["history"] = history
    if options:
        entry["options"] = list(options)
    CASES.append(entry)


def unit(vectors):
    return vectors / numpy.linalg.norm(vectors, axis=-1, keepdims=True)


# --- preprocessing ---------------------------------------------------------------------------------------------------

def rgb(image):
    return image.convert("RGB")


def transform(resize=None, crop=CenterCrop(SIZE), tail=Normalize(MEAN, STD), before=()):
    """OpenAI's transform with some steps replaced."""
    resize = resize or Resize(SIZE, InterpolationMode.BICUBIC)
    return Compose([*before, resize, crop, rgb, ToTensor(), tail])


def edges(image):
    """Width and height after resizing the shorter edge."""
    width, height = image.size
    return (SIZE, SIZE * height // width) if width <= height else (SIZE * width // height, SIZE)


def with_opencv(interpolation):
    def prepare(image):
        array = cv2.resize(numpy.asarray(rgb(image)), edges(image), interpolation=interpolation)
        return transform(lambda x: x)(Image.fromarray(array))
    return prepare


def with_interpolate(**settings):
    """PyTorch's interpolate on floats."""
    def prepare(image):
        width, height = edges(image)
        pixels = ToTensor()(rgb(image))[None]
        resized = torch.nn.functional.interpolate(pixels, (height, width), **settings)[0]
        return F.normalize(F.center_crop(resized, [SIZE, SIZE]), MEAN, STD)
    return prepare


def floor_crop(image):
    """The crop of Immich: int() in place of round()."""
    left, top = (image.width - SIZE) // 2, (image.height - SIZE) // 2
    return image.crop((left, top, left + SIZE, top + SIZE))


def square_first(image):
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def padded(colour):
    """LLaVA's expand2square."""
    def pad(image):
        image = rgb(image)
        side = max(image.size)
        square = Image.new("RGB", (side, side), colour)
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        return square
    return pad


def on(colour):
    def composite(image):
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, colour), image).convert("RGB")
    return composite


def reversed_channels(image):
    return Image.fromarray(numpy.ascontiguousarray(numpy.asarray(rgb(image))[:, :, ::-1]))


def image_cases():
    def add(name, causes, prepare, library="clip", names=PLAIN, model=vit, **rest):
        case(name, causes, model.images(names, prepare), library, images=names, **rest)

    add("bilinear", ["resize-bilinear"], transform(Resize(SIZE, InterpolationMode.BILINEAR)))
    add("opencv-linear", ["resize-bilinear-no-antialias"], with_opencv(cv2.INTER_LINEAR),
        history="vllm-project/semantic-router#1936")
    add("opencv-cubic", ["resize-bicubic-no-antialias"], with_opencv(cv2.INTER_CUBIC))
    add("opencv-area", ["resize-area"], with_opencv(cv2.INTER_AREA))
    add("opencv-nearest", ["resize-nearest-corner"], with_opencv(cv2.INTER_NEAREST))
    add("interpolate-bilinear", ["resize-bilinear-no-antialias"],
        with_interpolate(mode="bilinear", align_corners=False))
    add("interpolate-corners", ["resize-bilinear-aligned-corners"],
        with_interpolate(mode="bilinear", align_corners=True))
    add("nearest", ["resize-nearest"], transform(Resize(SIZE, InterpolationMode.NEAREST)), history="alibaba/MNN#4595")
    add("lanczos", ["resize-lanczos"], transform(Resize(SIZE, InterpolationMode.LANCZOS)))
    add("box", ["resize-box"], transform(Resize(SIZE, InterpolationMode.BOX)))
    add("hamming", ["resize-hamming"], transform(Resize(SIZE, InterpolationMode.HAMMING)))
    add("squash", ["crop-squash"], transform(Resize((SIZE, SIZE), InterpolationMode.BICUBIC)),
        history="immich-apple-silicon#122")
    add("crop-floor", ["crop-rounding"], transform(crop=floor_crop), history="immich-app/immich: int() in the crop")
    add("crop-first", ["crop-before-resize"], transform(before=[square_first]), history="monatis/clip.cpp#98")
    add("larger-edge", ["crop-larger-edge"], transform(Resize(SIZE * 8 // 7, InterpolationMode.BICUBIC)))
    add("pad-black", ["crop-pad-black"], transform(before=[padded((0, 0, 0))]))
    add("pad-white", ["crop-pad-white"], transform(before=[padded((255, 255, 255))]))
    add("values-0-1", ["values-0-1"], transform(tail=lambda x: x))
    add("values-half", ["values-half"], transform(tail=Normalize((0.5,) * 3, (0.5,) * 3)),
        history="huggingface/candle: the CLIP example scales to −1 … 1")
    add("values-imagenet", ["values-imagenet"], transform(tail=Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))))
    add("values-0-255", ["values-0-255"], transform(tail=lambda x: x * 255))
    add("values-no-division", ["values-no-division"], transform(tail=lambda x: Normalize(MEAN, STD)(x * 255)))
    add("bgr", ["colour-bgr"], transform(before=[reversed_channels]))
    add("bgr-planes", ["layout-planes-reversed"], transform(tail=lambda x: Normalize(MEAN, STD)(x).flip(0)))
    add("nhwc", ["layout-nhwc"],
        lambda image: vit.preprocess(image).permute(1, 2, 0).contiguous().reshape(3, SIZE, SIZE),
        history="Blaizzy/mlx-vlm#1545")
    add("grey", ["colour-grey"], transform(before=[lambda x: x.convert("L")]))
    add("exif", ["orientation-applied"], transform(before=[ImageOps.exif_transpose]), names=PLAIN[:8] + SPECIAL,
        history="mk-minchul/AdaFace#163")
    add("alpha-white", ["alpha-white"], transform(before=[on("white")]), names=PLAIN[:4] + SPECIAL[:3] + SPECIAL[8:])
    add("alpha-black", ["alpha-black"], transform(before=[on("black")]), names=PLAIN[:4] + SPECIAL[:3] + SPECIAL[8:])
    add("alpha-dropped-first", ["alpha-dropped-first"], transform(before=[rgb]),
        names=PLAIN[:4] + SPECIAL[:3] + SPECIAL[8:])
    add("rn-bilinear", ["resize-bilinear"], transform(Resize(SIZE, InterpolationMode.BILINEAR)), model=rn,
        mini="mini-rn")
    add("rn-bgr", ["colour-bgr"], transform(before=[reversed_channels]), model=rn, mini="mini-rn")
    bilinear = transform(Resize(SIZE, InterpolationMode.BILINEAR))
    # The stand-ins of the pages' commands.
    everything = [f"minis/images/{path.name}" for path in sorted((sources.MINIS / "images").glob("*.[jp][pn]g"))]
    add("all-bilinear", ["resize-bilinear"], bilinear, names=everything)
    add("folder-bilinear", ["resize-bilinear"], bilinear, names=sorted(SPECIAL))
    batch = torch.stack([bilinear(image) for image in sources.images(sorted(SPECIAL))])
    numpy.save(HERE / "pixels.npy", batch.numpy().astype(numpy.float16))
    # Two at once.
    add("bgr-squash", ["colour-bgr", "crop-squash"],
        transform(Resize((SIZE, SIZE), InterpolationMode.BICUBIC), before=[reversed_channels]))
    add("half-bilinear", ["values-half", "resize-bilinear"],
        transform(Resize(SIZE, InterpolationMode.BILINEAR), tail=Normalize((0.5,) * 3, (0.5,) * 3)))


def processor_cases():
    """transformers' processors, with their own mistakes."""
    settings = {"size": {"shortest_edge": SIZE}, "crop_size": {"height": SIZE, "width": SIZE}}
    model = in_transformers()
    pillow = transformers.CLIPImageProcessorPil(**settings)
    torchvision = transformers.CLIPImageProcessor(**settings)

    def vectors(images, processor, **rest):
        batch = processor(images=images, return_tensors="pt", **rest)["pixel_values"]
        return encoded(lambda x: model.get_image_features(pixel_values=x).pooler_output, batch)

    plain = sources.images(PLAIN)
    case("processor-fast", ["resize-torchvision", "crop-rounding"], vectors(plain, torchvision), "transformers",
         images=PLAIN, history="huggingface/transformers: fast processors resize with torchvision")
    arrays = [numpy.asarray(rgb(image)).astype(numpy.float32) / 255 for image in plain]
    case("processor-rescaled-twice", ["values-divided-twice"],
         numpy.concatenate([vectors([array], torchvision, input_data_format="channels_last") for array in arrays]),
         "transformers", images=PLAIN, options=["--preprocess", "diagnose/preprocessor_config.json",
                                                "--resize-backend", "torchvision"],
         history="huggingface/transformers: do_rescale on images between 0 and 1")
    (HERE / "preprocessor_config.json").write_text(json.dumps(json.loads(pillow.to_json_string()), indent=1) + "\n")
    for name, processor, backend in [("pillow", pillow, "pillow"), ("torchvision", torchvision, "torchvision")]:
        case(f"right-processor-{name}", [], vectors(plain, processor), "transformers", images=PLAIN,
             options=["--preprocess", "diagnose/preprocessor_config.json", "--resize-backend", backend])


# --- image towers ----------------------------------------------------------------------------------------------------

def pixels(names=PLAIN, model=vit):
    return torch.stack([model.preprocess(image) for image in sources.images(names)])


def features(model, batch):
    return encoded(lambda x: model.get_image_features(pixel_values=x).pooler_output, batch)


def changed(mini, change):
    """OpenAI's model after a change of its modules or its state."""
    original = OpenAI(mini)
    state = {name: value.clone() for name, value in original.model.state_dict().items()}
    change(original.model, state)
    original.model.load_state_dict(state, strict=False)
    return original


def image_model_cases():
    batch = pixels()

    def add(name, causes, vectors, library="clip", **rest):
        case(name, causes, vectors, library, images=PLAIN, **rest)

    add("gelu", ["activation-gelu"], encoded(in_open_clip("mini-vit", quick_gelu=False).encode_image, batch),
        "open_clip", history="mlfoundations/open_clip#771")
    add("gelu-tanh", ["activation-gelu-tanh"],
        features(in_transformers(vision__hidden_act="gelu_pytorch_tanh"), batch), "transformers",
        history="monatis/clip.cpp#10")
    add("heads", ["heads-4"], features(in_transformers(vision__num_attention_heads=4), batch), "transformers")
    add("epsilon", ["norms-epsilon-1e-3"], features(in_transformers(vision__layer_norm_eps=1e-3), batch),
        "transformers")
    model = in_transformers().vision_model
    add("hidden-pooled", ["pooling-no-projection"], encoded(lambda x: model(x).pooler_output, batch), "transformers",
        history="comfyanonymous/ComfyUI#5260")
    add("hidden-class", ["pooling-hidden-raw"], encoded(lambda x: model(x).last_hidden_state[:, 0], batch),
        "transformers")
    add("hidden-mean", ["pooling-hidden-mean"], encoded(lambda x: model(x).last_hidden_state.mean(1), batch),
        "transformers")

    def no_pre(model, state):
        model.visual.ln_pre = torch.nn.Identity()
    add("no-ln-pre", ["norms-first-missing"], changed("mini-vit", no_pre).pixels(batch))

    def no_post(model, state):
        model.visual.ln_post = torch.nn.Identity()
    add("no-ln-post", ["norms-final-missing"], changed("mini-vit", no_post).pixels(batch))

    def exchange(first, second):
        def change(model, state):
            for name, value in state.items():
                if name.startswith("visual") and "in_proj" in name:
                    parts = list(value.chunk(3))
                    parts[first], parts[second] = parts[second], parts[first]
                    state[name] = torch.cat(parts)
        return change
    add("q-k", ["attention-q-k"], changed("mini-vit", exchange(0, 1)).pixels(batch))
    add("k-v", ["attention-k-v"], changed("mini-vit", exchange(1, 2)).pixels(batch))

    def shifted(model, state):
        table = state["visual.positional_embedding"]
        state["visual.positional_embedding"] = torch.cat([table[1:], table[-1:]])
    add("positions-shifted", ["positions-shifted"], changed("mini-vit", shifted).pixels(batch))

    def no_positions(model, state):
        state["visual.positional_embedding"] *= 0
    add("no-positions", ["positions-missing"], changed("mini-vit", no_positions).pixels(batch))

    rn_batch = pixels(model=rn)

    def training(model, state):
        model.train()
    add("rn-training-mode", ["norms-training-mode"], changed("mini-rn", training).pixels(rn_batch), mini="mini-rn")

    def epsilon(model, state):
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eps = 1e-3
    add("rn-epsilon", ["norms-epsilon-1e-3"], changed("mini-rn", epsilon).pixels(rn_batch), mini="mini-rn",
        history="keras: BatchNormalization's epsilon is 1e-3")

    def pool_q_k(model, state):
        for part in ("weight", "bias"):
            q, k = f"visual.attnpool.q_proj.{part}", f"visual.attnpool.k_proj.{part}"
            state[q], state[k] = state[k], state[q]
    add("rn-pool-q-k", ["attention-pool-q-k"], changed("mini-rn", pool_q_k).pixels(rn_batch), mini="mini-rn")

    # Two at once.
    bilinear = transform(Resize(SIZE, InterpolationMode.BILINEAR))
    other = torch.stack([bilinear(image) for image in sources.images(PLAIN)])
    add("gelu-bilinear", ["activation-gelu", "resize-bilinear"],
        encoded(in_open_clip("mini-vit", quick_gelu=False).encode_image, other), "open_clip")
    add("hidden-pooled-bilinear", ["pooling-no-projection", "resize-bilinear"],
        encoded(lambda x: model(x).pooler_output, other), "transformers")


# --- texts -----------------------------------------------------------------------------------------------------------

class Cased(str):
    """A text that stays as it is when it is converted to lower case."""
    def lower(self):
        return self


def text_cases():
    words = TEXTS.read_text().splitlines()
    unusual = UNUSUAL.read_text().splitlines()
    ids = clip.tokenize(words)

    def add(name, causes, vectors, library="clip", texts=TEXTS, **rest):
        case(name, causes, vectors, library, texts=texts, **rest)

    def features(model, ids):
        return encoded(lambda x: model.get_text_features(input_ids=x).pooler_output, ids)

    add("text-gelu", ["activation-gelu"], features(in_transformers(text__hidden_act="gelu"), ids), "transformers")
    add("text-eos", ["pooling-first"], features(in_transformers(text__eos_token_id=3), ids), "transformers",
        history="huggingface/transformers#24773")
    add("text-eos-safetensors", ["pooling-first"], features(in_transformers(text__eos_token_id=3), ids),
        "transformers", form=".safetensors")
    numpy.save(HERE / "ids.npy", ids.numpy())
    model = in_transformers().text_model
    add("text-no-projection", ["pooling-no-projection"], encoded(lambda x: model(x).pooler_output, ids),
        "transformers")
    add("text-mean", ["pooling-hidden-mean"], encoded(lambda x: model(x).last_hidden_state.mean(1), ids),
        "transformers")
    add("text-last", ["pooling-hidden-last"], encoded(lambda x: model(x).last_hidden_state[:, -1], ids),
        "transformers")
    template = "a photo of a {}."
    add("text-template", ["text-template"], vit.texts([template.format(word) for word in words]),
        history="openai/CLIP#24")
    no_end = ids.clone()
    no_end[no_end == 49407] = 0
    add("text-no-end", ["pooling-first"], vit.ids(no_end))
    add("text-no-start", ["tokens-no-start"], vit.ids(torch.cat([ids[:, 1:], ids[:, :1] * 0], 1)))

    def transposed(model, state):
        state["text_projection"] = state["text_projection"].T.contiguous()
    add("text-projection-transposed", ["pooling-projection-transposed"], changed("mini-vit", transposed).ids(ids))

    def no_mask(model, state):
        for block in model.transformer.resblocks:
            block.attn_mask = None
    add("text-no-mask", ["mask-missing"], changed("mini-vit", no_mask).ids(ids))

    def shifted(model, state):
        table = state["positional_embedding"]
        state["positional_embedding"] = torch.cat([table[1:], table[-1:]])
    add("text-positions", ["positions-shifted"], changed("mini-vit", shifted).ids(ids))

    # Cleaning, on texts with capitals, entities, accents and one that is too long.
    original = clip.simple_tokenizer.whitespace_clean
    clip.simple_tokenizer.whitespace_clean = lambda text: Cased(original(text))
    cased = vit.texts(unusual)
    clip.simple_tokenizer.whitespace_clean = original
    add("text-case", ["text-case"], cased, texts=UNUSUAL)
    original_clean = clip.simple_tokenizer.basic_clean
    clip.simple_tokenizer.basic_clean = lambda text: text.strip()
    uncleaned = vit.texts(unusual)
    clip.simple_tokenizer.basic_clean = original_clean
    add("text-entities", ["text-entities"], uncleaned, texts=UNUSUAL, history="huggingface/transformers#19118")
    cut = clip.tokenize(unusual, truncate=True)
    for row, text in zip(cut, unusual):
        tokens = clip.simple_tokenizer.SimpleTokenizer().encode(text)
        if len(tokens) + 2 > 77:
            row[:] = torch.tensor(([49406] + tokens)[:77])
    add("text-end-cut", ["tokens-end-cut"], vit.ids(cut), texts=UNUSUAL)

    # ftfy, which OpenAI's and open_clip's tokenizers call and ours does not. Not a mistake of theirs.
    typographic = TYPOGRAPHIC.read_text().splitlines()
    add("text-repair", ["text-repair"], vit.texts(typographic), texts=TYPOGRAPHIC)
    add("text-repair-open-clip", ["text-repair"],
        encoded(in_open_clip("mini-vit").encode_text, open_clip.get_tokenizer("ViT-B-32")(typographic)), "open_clip",
        texts=TYPOGRAPHIC)
    add("text-gelu-template", ["activation-gelu", "text-template"],
        features(in_transformers(text__hidden_act="gelu"), clip.tokenize([template.format(w) for w in words])),
        "transformers")


# --- what is done to vectors -----------------------------------------------------------------------------------------

def vector_cases():
    right = vit.images(PLAIN)
    scale = float(vit.model.logit_scale.exp())

    def add(name, causes, vectors, library="clip", **rest):
        case(name, causes, vectors, library, images=PLAIN, **rest)

    add("logit-scale", ["form-logit-scale"], unit(right) * scale)
    add("centred", ["form-centred"], unit(unit(right) - unit(right).mean(0)))
    add("negated", ["form-negated"], -right)
    add("int8", ["form-int8"], (numpy.round(unit(right) * 127) / 127).astype(numpy.float32))
    add("int8-rows", ["form-int8"], numpy.round(right * 127 / abs(right).max(1, keepdims=True)).astype(numpy.float32))
    low, high = unit(right).min(0), unit(right).max(0)
    levels = numpy.round((unit(right) - low) / (high - low) * 255)
    add("int8-columns", ["form-int8"], (low + levels / 255 * (high - low)).astype(numpy.float32))
    add("columns", ["form-columns"], right / numpy.linalg.norm(right, axis=0))
    order = numpy.random.default_rng(1).permutation(len(PLAIN))
    add("permuted", ["rows-permuted"], right[order], history="yurijmikhalevich/rclip: metadata of a failed image")
    add("reversed-bilinear", ["rows-permuted", "resize-bilinear"],
        vit.images(PLAIN, transform(Resize(SIZE, InterpolationMode.BILINEAR)))[::-1])
    add("transposed-array", ["form-transposed"], right.T)
    broken = right.copy()
    broken[[3, 7]] = numpy.nan
    add("nan", ["form-not-finite"], broken, history="unum-cloud/uform#50")
    add("other-model", ["model-other"], rn.images(PLAIN), history="Image-MetaHub#504")
    add("texts-for-images", ["rows-exchanged"], vit.texts(TEXTS.read_text().splitlines()[:len(PLAIN)]),
        also=["--texts", "diagnose/labels.txt"])


# --- right vectors ---------------------------------------------------------------------------------------------------

def right_cases():
    words = TEXTS.read_text().splitlines()
    unusual = UNUSUAL.read_text().splitlines()
    ids = clip.tokenize(words)
    some = PLAIN[4:10]

    def add(name, vectors, library="clip", **rest):
        case(f"right-{name}", [], vectors, library, **rest)

    add("raw", vit.images(PLAIN), images=PLAIN)
    add("unit", unit(vit.images(PLAIN)), images=PLAIN)
    add("f16", vit.images(PLAIN).astype(numpy.float16), images=PLAIN)
    add("unit-f16", unit(vit.images(PLAIN)).astype(numpy.float16), images=PLAIN)
    add("f64", vit.images(PLAIN).astype(numpy.float64), images=PLAIN)
    add("fortran", numpy.asfortranarray(vit.images(PLAIN)), images=PLAIN)
    add("big-endian", vit.images(PLAIN).astype(">f4"), images=PLAIN)
    add("batched", vit.images(PLAIN)[:, None], images=PLAIN)
    add("safetensors", vit.images(PLAIN), images=PLAIN, form=".safetensors")
    add("jsonl", unit(vit.images(PLAIN)), images=PLAIN, form=".jsonl")
    add("special", vit.images(SPECIAL), images=SPECIAL)
    add("some", vit.images(some), images=some)
    add("three", vit.images(PLAIN[:3]), images=PLAIN[:3])
    add("reversed", vit.images(PLAIN[::-1]), images=PLAIN[::-1])
    add("open-clip", encoded(in_open_clip("mini-vit").encode_image, pixels()), "open_clip", images=PLAIN)
    add("hugging-face", features(in_transformers(), pixels()), "transformers", images=PLAIN)
    half = clip.load(str(sources.MINIS / "mini-vit.pt"), device="cpu", jit=False)[0]
    clip.model.convert_weights(half)
    with torch.no_grad():
        add("half", half.encode_image(pixels().half()).numpy(), images=PLAIN)
    add("rn", rn.images(PLAIN), images=PLAIN, mini="mini-rn")
    add("rn-unit", unit(rn.images(PLAIN)), images=PLAIN, mini="mini-rn")
    add("rn-special", rn.images(SPECIAL), images=SPECIAL, mini="mini-rn")
    add("rn-open-clip", encoded(in_open_clip("mini-rn").encode_image, pixels(model=rn)), "open_clip", images=PLAIN,
        mini="mini-rn")
    add("texts", vit.texts(words), texts=TEXTS)
    add("texts-unit", unit(vit.texts(words)), texts=TEXTS)
    add("texts-unusual", vit.texts(unusual), texts=UNUSUAL)
    add("texts-hugging-face",
        encoded(lambda x: in_transformers().get_text_features(input_ids=x).pooler_output, ids), "transformers",
        texts=TEXTS)
    padded_ids = ids.clone()
    for row in padded_ids:
        row[int(row.argmax()):] = 49407
    add("texts-padded", vit.ids(padded_ids), texts=TEXTS)
    add("texts-rn", rn.texts(words), texts=TEXTS, mini="mini-rn")
    add("texts-rn-f16", unit(rn.texts(words)).astype(numpy.float16), texts=TEXTS, mini="mini-rn")


def make_texts():
    labels = (sources.MINIS / "images" / "labels.txt").read_text().splitlines()
    TEXTS.write_text("".join(f"{label}\n" for label in labels[:24]))
    (HERE / "labels.txt").write_text("".join(f"{label}\n" for label in labels[:len(PLAIN)]))
    UNUSUAL.write_text("\n".join([
        "A Picture Of A Red Apple.", "bread &amp; cheese wedge", "a picture of a &quot;hot dog&quot;",
        "Two CAMERAS and a KEY", "banana", "a guitar &lt;large&gt;", "ICE CUBE", "a crab", "Penguin",
        "a picture of a tiger face.", "a rocket & a red apple", " ".join(["a picture of a red apple and a banana"] * 14),
        " ".join(["Grapes, peach and lemon"] * 20), "The Statue of Liberty", "a picture of a coconut.",
    ]) + "\n")
    TYPOGRAPHIC.write_text("\n".join([
        "a picture of a “red apple”", "it’s a banana", "the penguin’s beak", "a crab in a ‘rock pool’", "a ﬁsh", "ﬂowers",
        "ＩＣＥ ＣＵＢＥ", "a guitar", "two cameras", "a tiger‘s face", "oﬃce chair", "a cup of coﬀee",
    ]) + "\n")


def main():
    OUTPUT.mkdir(exist_ok=True)
    for file in OUTPUT.iterdir():
        file.unlink()
    torch.set_num_threads(1)
    sources.make_images()
    make_texts()
    for cases in (image_cases, processor_cases, image_model_cases, text_cases, vector_cases, right_cases):
        cases()
    packages = ["torch", "torchvision", "pillow", "numpy", "clip-anytorch", "open_clip_torch", "transformers",
                "tokenizers", "ftfy", "opencv-python-headless"]
    manifest = {"what": "vectors with known mistakes, made by make_mistakes.py", "cases": CASES,
                "versions": {name: importlib.metadata.version(name) for name in packages}}
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    print(len(CASES), "cases,", sum(not case["causes"] for case in CASES), "of them right")


if __name__ == "__main__":
    main()
