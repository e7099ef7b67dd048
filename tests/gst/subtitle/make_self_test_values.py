#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes gst/subtitle/self_test_values.cc: what openai-whisper computes, stage by stage, for the
signal that `npusubtitle --self-test` generates.

Needs openai-whisper and torch. Usage: make_self_test_values.py BASE_MODEL_FOLDER OUTPUT
BASE_MODEL_FOLDER is the CTranslate2 folder of Whisper base (f16 weights, computed in f32 here).
"""
import hashlib
import struct
import sys
from pathlib import Path

import numpy as np
import torch
import whisper
from whisper.model import ModelDimensions, Whisper

SAMPLES_PER_STAGE = 12


def read_tensors(path):
    """The f16 tensors of a CTranslate2 model.bin, version 6."""
    data = path.read_bytes()
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, data, at)
        at += struct.calcsize("<" + form)
        return values

    def name():
        nonlocal at
        (length,) = take("H")
        text = data[at:at + length - 1].decode()
        at += length
        return text

    take("I")
    name()
    take("I")
    (count,) = take("I")
    tensors = {}
    for _ in range(count):
        key = name()
        (rank,) = take("B")
        dims = take(f"{rank}I")
        kind, size = take("BI")
        if kind == 4:
            values = np.frombuffer(data, np.float16, size // 2, at).reshape(dims)
            tensors[key] = torch.from_numpy(values.astype(np.float32))
        at += size
    return tensors


def state_of(tensors):
    state = {}

    def put(name, source, rows=slice(None), bias=True):
        state[name + ".weight"] = tensors[source + "/weight"][rows]
        if bias:
            state[name + ".bias"] = tensors[source + "/bias"][rows]

    def norm(name, source):
        state[name + ".weight"] = tensors[source + "/gamma"]
        state[name + ".bias"] = tensors[source + "/beta"]

    width = tensors["decoder/embeddings/weight"].shape[1]
    parts = [slice(i * width, (i + 1) * width) for i in range(3)]
    put("encoder.conv1", "encoder/conv1")
    put("encoder.conv2", "encoder/conv2")
    for side in ("encoder", "decoder"):
        state[side + ".positional_embedding"] = tensors[side + "/position_encodings/encodings"]
        for layer in range(6):
            name, source = f"{side}.blocks.{layer}.", f"{side}/layer_{layer}/"
            norm(name + "attn_ln", source + "self_attention/layer_norm")
            put(name + "attn.query", source + "self_attention/linear_0", parts[0])
            put(name + "attn.key", source + "self_attention/linear_0", parts[1], bias=False)
            put(name + "attn.value", source + "self_attention/linear_0", parts[2])
            put(name + "attn.out", source + "self_attention/linear_1")
            if side == "decoder":
                norm(name + "cross_attn_ln", source + "attention/layer_norm")
                put(name + "cross_attn.query", source + "attention/linear_0")
                put(name + "cross_attn.key", source + "attention/linear_1", parts[0], bias=False)
                put(name + "cross_attn.value", source + "attention/linear_1", parts[1])
                put(name + "cross_attn.out", source + "attention/linear_2")
            norm(name + "mlp_ln", source + "ffn/layer_norm")
            put(name + "mlp.0", source + "ffn/linear_0")
            put(name + "mlp.2", source + "ffn/linear_1")
    norm("encoder.ln_post", "encoder/layer_norm")
    norm("decoder.ln", "decoder/layer_norm")
    state["decoder.token_embedding.weight"] = tensors["decoder/embeddings/weight"]
    return state


def signal():
    """As self_test_signal() in gst/subtitle/self_test_signal.cc: a gliding voice-like sound."""
    t = np.arange(160000, dtype=np.float64) / 16000
    phase = 2 * np.pi * 120 * t - 20 / 0.7 * np.cos(2 * np.pi * 0.7 * t)
    loud = np.abs(np.sin(np.pi * 3 * t))
    sound = sum(np.sin(h * phase) / h for h in range(1, 21))
    return (np.round(6000 * loud * sound) / 32768).astype(np.float32)


def stages(model):
    with torch.no_grad():
        mel = whisper.log_mel_spectrogram(torch.from_numpy(signal()), padding=480000)[:, :3000]
        encoded = model.encoder(mel[None])[0]
        yield "mel", mel.T
        yield "encoder", encoded
        for layer, block in enumerate(model.decoder.blocks):
            yield f"cross K {layer}", block.cross_attn.key(encoded)
            yield f"cross V {layer}", block.cross_attn.value(encoded)
        hidden = []
        hook = model.decoder.ln.register_forward_hook(lambda _, __, out: hidden.append(out[0, -1]))
        # start of transcript, English, transcribe, no timestamps
        tokens = torch.tensor([[50258, 50259, 50359, 50363]])
        logits = model.decoder(tokens, encoded[None])[0, -1]
        hook.remove()
        yield "decoder step", hidden[0]
        yield "logits", logits


def literal(value):
    text = f"{value:.9g}"
    return text + ("" if any(c in text for c in ".e") else ".0")


def main():
    folder, output = Path(sys.argv[1]), Path(sys.argv[2])
    model = Whisper(ModelDimensions(80, 1500, 512, 8, 6, 51865, 448, 512, 8, 6))
    model.load_state_dict(state_of(read_tensors(folder / "model.bin")), strict=False)
    model.eval()
    digest = hashlib.sha256((folder / "model.bin").read_bytes()).hexdigest()
    lines = [
        "// SPDX-License-Identifier: LGPL-2.1-or-later",
        "// Written by tests/gst/subtitle/make_self_test_values.py from openai-whisper "
        + whisper.__version__ + "; do not edit.",
        '#include "subtitle/self_test_values.h"',
        "",
        "namespace npu::subtitle {",
        "",
        "const char* const kBaseModelDigest =",
        f'    "{digest}";',
        "",
        "// clang-format off",
        "const std::vector<StageValues>& base_stage_values() {",
        "  static const std::vector<StageValues> kValues = {",
    ]
    for name, tensor in stages(model):
        flat = tensor.flatten().double().numpy()
        # The sound lasts 10 s of the 30; of the rest, the mel is constant.
        step = len(flat) // (3 if name == "mel" else 1) // SAMPLES_PER_STAGE
        indices = [i * step + (i * 7919) % step for i in range(SAMPLES_PER_STAGE)]
        if name == "logits":
            indices[:5] = np.argsort(-flat)[:5].tolist()
        lines.append(f'      {{"{name}", {literal(flat.mean())}, '
                     f"{literal(np.sqrt((flat ** 2).mean()))}, {{")
        for i in range(0, len(indices), 3):
            lines.append("          " + " ".join(
                f"{{{k}, {literal(np.float32(flat[k]))}F}}," for k in indices[i:i + 3]))
        lines.append("      }},")
    lines += ["  };", "  return kValues;", "}", "// clang-format on", "", "}  // namespace npu::subtitle",
              ""]
    output.write_text("\n".join(lines))


main()
