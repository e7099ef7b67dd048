#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes the seeds of the fuzz targets: make_seeds.py FOLDER makes FOLDER/<target>/<seed>."""

import json
import pathlib
import struct
import sys


def ggml_header(kind):
    """The start of a file, up to the first tokens."""
    header = [51865, 1500, 64, 1, 1, 448, 64, 1, 1, 80, kind, 80, 201]
    filters = bytes(80 * 201 * 4)
    tokens = struct.pack("<iI5sI", 50257, 5, b"token", 0)
    return struct.pack("<I13i", 0x67676D6C, *header) + filters + tokens


def ggml(kind, tensor_type, item):
    """Tensor records behind the byte by which fuzz_ggml chooses the file's type."""
    out = bytes([kind])

    def tensor(name, extents, number, data):
        record = struct.pack("<3i", len(extents), len(name), number)
        record += struct.pack(f"<{len(extents)}i", *extents)
        return record + name.encode() + data

    out += tensor("encoder.ln_post.weight", [64], 0, struct.pack("<64f", *[1.0] * 64))
    out += tensor("encoder.conv1.bias", [1, 64], 0, bytes(256))
    out += tensor("encoder.blocks.0.attn.key.weight", [64, 64], tensor_type, bytes(item * 64))
    return out


def ctranslate2(version, types):
    def string(text):
        return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"

    def tensor(name, shape, number, data):
        out = string(name) + struct.pack("<B", len(shape)) + struct.pack(f"<{len(shape)}I", *shape)
        size = {0: 4, 1: 1, 2: 2, 4: 2, 5: 2}[number]
        if version >= 4:
            return out + struct.pack("<BI", number, len(data)) + data
        return out + struct.pack("<BI", size, len(data) // size) + data

    tensors = [
        tensor("encoder/num_heads", [], 2, struct.pack("<h", 1)),
        tensor("decoder/num_heads", [], 2, struct.pack("<h", 1)),
        tensor("decoder/activation", [], 1, b"\3"),
        tensor("decoder/embeddings/weight", [8, 4], 1, bytes(range(32))),
        tensor("decoder/embeddings/weight_scale", [8], 0, struct.pack("<8f", *[64.0] * 8)),
        tensor("encoder/layer_0/ffn/linear_0/weight", [4, 4], types, bytes(32)),
        tensor("encoder/conv1/weight", [64, 80, 3], 1, bytes(64 * 80 * 3)),
    ]
    out = struct.pack("<I", version) + string("WhisperSpec") + struct.pack("<I", 3)
    out += struct.pack("<I", len(tensors)) + b"".join(tensors)
    if version >= 3:
        out += struct.pack("<I", 1)
        out += string("decoder/projection/weight") + string("decoder/embeddings/weight")
    return out


def safetensors(header, data):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


CONFIG = {
    "model_type": "whisper", "activation_function": "gelu", "scale_embedding": False,
    "d_model": 64, "num_mel_bins": 80, "vocab_size": 51865, "encoder_layers": 1,
    "decoder_layers": 1, "encoder_attention_heads": 1, "decoder_attention_heads": 1,
    "encoder_ffn_dim": 256, "decoder_ffn_dim": 256, "max_source_positions": 1500,
    "max_target_positions": 448, "alignment_heads": [[0, 0]], "feature_size": 80,
}

SEEDS = {
    "ggml": {
        "f32": ggml(0, 0, 64 * 4), "f16": ggml(1, 1, 64 * 2), "q4_0": ggml(2, 2, 36),
        "q4_1": ggml(3, 3, 40), "q5_0": ggml(4, 6, 44), "q5_1": ggml(5, 7, 48),
        "q8_0": ggml(6, 8, 68), "header": ggml_header(1),
    },
    "ctranslate2": {
        "version6": ctranslate2(6, 4), "bf16": ctranslate2(6, 5), "version4": ctranslate2(4, 2),
        "version3": ctranslate2(3, 2), "version2": ctranslate2(2, 2),
    },
    "safetensors": {
        "two": safetensors({
            "__metadata__": {"format": "pt"},
            "model.encoder.conv1.bias": {"dtype": "F16", "shape": [4], "data_offsets": [0, 8]},
            "b": {"dtype": "F32", "shape": [2, 1], "data_offsets": [8, 16]}}, bytes(16)),
        "bf16": safetensors({"a": {"dtype": "BF16", "shape": [], "data_offsets": [0, 2]}},
                            bytes(2)),
        "config": safetensors(CONFIG, b""),
        "index": safetensors({"weight_map": {"a": "model-00001-of-00002.safetensors"}}, b""),
    },
    "tokenizer_json": {
        "tokenizer": json.dumps({
            "added_tokens": [{"id": 50257, "content": "<|endoftext|>", "special": True}],
            "model": {"vocab": {"!": 0, "\u0120a": 1, "": 50256}, "merges": []}}).encode(),
        "utf8": '{"model": {"vocab": {"Ġthe": 0, "Ċ": 1}}}'.encode(),
        "vocab": b'{"a": 0, "b": 1, "<|endoftext|>": 50257}',
        "list": b'["a", "b", "\\u0120c"]',
        "lines": b"!\n\"\nabc\r\n",
    },
}


def main():
    for target, seeds in SEEDS.items():
        folder = pathlib.Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds.items():
            (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
