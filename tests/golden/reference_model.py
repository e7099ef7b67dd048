# SPDX-License-Identifier: LGPL-2.1-or-later
"""Model files of other projects as a model of openai-whisper, computed in f32.

Formats: CTranslate2 directory (float16), Hugging Face directory (safetensors f16), ggml file (f16).
"""
import json
import struct
from pathlib import Path

import numpy as np
import torch
import whisper
from whisper.model import ModelDimensions, Whisper

GGML_MAGIC = 0x67676D6C


def read_ctranslate2(path):
    data = path.read_bytes()
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values[0] if len(values) == 1 else values

    def name():
        nonlocal at
        length = take("H")
        value = data[at:at + length - 1].decode()
        at += length
        return value

    if take("I") != 6 or name() != "WhisperSpec":
        raise ValueError(f"{path}: not version 6 of a WhisperSpec")
    take("I")
    types = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
    tensors = {}
    for _ in range(take("I")):
        key = name()
        shape = [take("I") for _ in range(take("B"))]
        kind, size = take("B"), take("I")
        tensors[key] = np.frombuffer(data, types[kind], size // types[kind]().itemsize,
                                     at).reshape(shape)
        at += size
    return tensors


def from_ctranslate2(folder):
    tensors = read_ctranslate2(folder / "model.bin")
    state = {}

    def put(target, source):
        state[target] = torch.from_numpy(tensors[source].astype(np.float32))

    def norm(target, source):
        put(target + ".weight", source + "/gamma")
        put(target + ".bias", source + "/beta")

    def linear(target, source):
        put(target + ".weight", source + "/weight")
        put(target + ".bias", source + "/bias")

    def fused(targets, source):
        weights = np.split(tensors[source + "/weight"].astype(np.float32), len(targets))
        biases = np.split(tensors[source + "/bias"].astype(np.float32), len(targets))
        for target, weight, bias in zip(targets, weights, biases):
            state[target + ".weight"] = torch.from_numpy(weight)
            if not target.endswith(".key"):
                state[target + ".bias"] = torch.from_numpy(bias)

    def layers(side):
        return sum(key.startswith(f"{side}/layer_") and key.endswith("/ffn/linear_0/bias")
                   for key in tensors)

    for conv in ("conv1", "conv2"):
        linear(f"encoder.{conv}", f"encoder/{conv}")
    for side, final in (("encoder", "ln_post"), ("decoder", "ln")):
        put(f"{side}.positional_embedding", f"{side}/position_encodings/encodings")
        norm(f"{side}.{final}", f"{side}/layer_norm")
        for i in range(layers(side)):
            block, layer = f"{side}.blocks.{i}", f"{side}/layer_{i}"
            norm(f"{block}.attn_ln", f"{layer}/self_attention/layer_norm")
            fused([f"{block}.attn.{x}" for x in ("query", "key", "value")],
                  f"{layer}/self_attention/linear_0")
            linear(f"{block}.attn.out", f"{layer}/self_attention/linear_1")
            if side == "decoder":
                norm(f"{block}.cross_attn_ln", f"{layer}/attention/layer_norm")
                linear(f"{block}.cross_attn.query", f"{layer}/attention/linear_0")
                fused([f"{block}.cross_attn.{x}" for x in ("key", "value")],
                      f"{layer}/attention/linear_1")
                linear(f"{block}.cross_attn.out", f"{layer}/attention/linear_2")
            norm(f"{block}.mlp_ln", f"{layer}/ffn/layer_norm")
            linear(f"{block}.mlp.0", f"{layer}/ffn/linear_0")
            linear(f"{block}.mlp.2", f"{layer}/ffn/linear_1")
    put("decoder.token_embedding.weight", "decoder/embeddings/weight")
    config = json.loads((folder / "config.json").read_text())
    return state, config.get("alignment_heads")


def hugging_face_name(name):
    name = name.removeprefix("model.")
    for found, wanted in [
            ("layers.", "blocks."), ("embed_positions.weight", "positional_embedding"),
            ("encoder.layer_norm.", "encoder.ln_post."), ("decoder.layer_norm.", "decoder.ln."),
            ("self_attn_layer_norm", "attn_ln"), ("encoder_attn_layer_norm", "cross_attn_ln"),
            ("final_layer_norm", "mlp_ln"), ("embed_tokens", "token_embedding"),
            ("self_attn.", "attn."), ("encoder_attn.", "cross_attn."), ("q_proj", "query"),
            ("k_proj", "key"), ("v_proj", "value"), ("out_proj", "out"), ("fc1", "mlp.0"),
            ("fc2", "mlp.2")]:
        name = name.replace(found, wanted)
    return name


def from_hugging_face(folder):
    data = (folder / "model.safetensors").read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + length])
    types = {"F16": np.float16, "F32": np.float32}
    state = {}
    for name, entry in header.items():
        if name in ("__metadata__", "proj_out.weight"):
            continue
        begin, end = (8 + length + x for x in entry["data_offsets"])
        values = np.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
        state[hugging_face_name(name)] = torch.from_numpy(values.astype(np.float32))
    generation = folder / "generation_config.json"
    heads = json.loads(generation.read_text()).get("alignment_heads") if generation.exists() else None
    return state, heads


def from_ggml(path):
    data = path.read_bytes()
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    if take("I")[0] != GGML_MAGIC:
        raise ValueError(f"{path}: not a ggml file")
    take("11i")
    bands, bins = take("2i")
    at += 4 * bands * bins
    for _ in range(take("i")[0]):
        (length,) = take("I")
        at += length
    state = {}
    while at < len(data):
        rank, length, kind = take("3i")
        shape = take(f"{rank}i")[::-1]
        name = data[at:at + length].decode()
        at += length
        kind = {0: np.float32, 1: np.float16}[kind]
        count = int(np.prod(shape))
        values = np.frombuffer(data, kind, count, at).reshape(shape).astype(np.float32)
        at += count * kind().itemsize
        if name.endswith("conv1.bias") or name.endswith("conv2.bias"):
            values = values.reshape(-1)
        state[name] = torch.from_numpy(values)
    return state, None


def load(path):
    """The model at `path`, with the alignment heads of its file, or of OpenAI's base by its sizes."""
    path = Path(path)
    if path.is_file():
        state, heads = from_ggml(path)
    elif (path / "model.safetensors").exists():
        state, heads = from_hugging_face(path)
    else:
        state, heads = from_ctranslate2(path)

    def blocks(side):
        return sum(key.startswith(side + ".blocks.") and key.endswith(".attn.out.bias")
                   and "cross" not in key for key in state)

    vocabulary, width = state["decoder.token_embedding.weight"].shape
    dims = ModelDimensions(
        n_mels=state["encoder.conv1.weight"].shape[1], n_audio_ctx=1500, n_audio_state=width,
        n_audio_head=width // 64, n_audio_layer=blocks("encoder"), n_vocab=vocabulary,
        n_text_ctx=448, n_text_state=width, n_text_head=width // 64,
        n_text_layer=blocks("decoder"))
    model = Whisper(dims)
    model.load_state_dict(state)
    if heads:
        mask = torch.zeros(dims.n_text_layer, dims.n_text_head, dtype=torch.bool)
        for layer, head in heads:
            mask[layer, head] = True
        model.register_buffer("alignment_heads", mask.to_sparse(), persistent=False)
    elif width == 512:
        model.set_alignment_heads(whisper._ALIGNMENT_HEADS["base"])
    return model.eval()
