#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes vad_reference.json: what the reference implementation of Silero VAD finds in clips.

The network is the wheel's own ONNX graph, with the weights of its safetensors file in it: the two
files come from different trainings.

  make_vad_reference.py WHEEL tests/data/speech [CORPUS/speech] >vad_reference.json

WHEEL is silero_vad-6.2.3-py3-none-any.whl (pip download --no-deps silero-vad==6.2.3). Of the clips
in tests/data all probabilities are kept, of all others only the stretches
of speech. Reads 16 kHz mono 16-bit .wav and .flac files and leaves others out.
Needs numpy, onnx, onnxruntime, safetensors, soundfile.
"""
import ast
import io
import json
import sys
import typing
import zipfile
from pathlib import Path

import numpy
import onnx
import onnxruntime
import safetensors.numpy
import soundfile

CHUNK, CONTEXT = 512, 64
OPTIONS = [
    {},
    {"threshold": 0.3, "min_speech_duration_ms": 100, "min_silence_duration_ms": 500,
     "speech_pad_ms": 200},
    {"threshold": 0.7, "neg_threshold": 0.6, "min_speech_duration_ms": 0,
     "min_silence_duration_ms": 40, "speech_pad_ms": 100},
    {"max_speech_duration_s": 4, "min_silence_duration_ms": 300, "speech_pad_ms": 50},
    {"max_speech_duration_s": 1, "min_silence_duration_ms": 2000},
]


def reference_segmenter(wheel):
    """get_speech_timestamps_from_probs() by itself: its module needs PyTorch, which it does not."""
    tree = ast.parse(wheel.read("silero_vad/utils_vad.py"))
    name = "get_speech_timestamps_from_probs"
    tree.body = [node for node in tree.body
                 if isinstance(node, ast.FunctionDef) and node.name == name]
    names = vars(typing).copy()
    exec(compile(tree, "utils_vad.py", "exec"), names)
    return names[name]


# In the graph, and in the safetensors file.
NAMES = {
    "model.stft.forward_basis_buffer": "stft_conv.weight",
    "model.decoder.decoder.2.weight": "final_conv.weight",
    "model.decoder.decoder.2.bias": "final_conv.bias",
    **{f"model.encoder.{i}.reparam_conv.{kind}": f"conv{i + 1}.{kind}"
       for i in range(4) for kind in ("weight", "bias")},
    **{f"model.decoder.rnn.{kind}": f"lstm_cell.{kind}"
       for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")},
}


def put_weights(graph, weights):
    """Replaces the initialisers of a graph and of those inside it; returns how many."""
    replaced = 0
    for tensor in graph.initializer:
        if tensor.name in NAMES:
            values = weights[NAMES[tensor.name]]
            assert list(values.shape) == list(tensor.dims), tensor.name
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
            replaced += 1
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                replaced += put_weights(attribute.g, weights)
    return replaced


def reference_network(wheel):
    data = "silero_vad/data/"
    model = onnx.load_from_string(wheel.read(data + "silero_vad_16k_op15.onnx"))
    weights = safetensors.numpy.load(wheel.read(data + "silero_vad_16k.safetensors"))
    assert put_weights(model.graph, weights) == len(NAMES) == len(weights)
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), settings,
                                        providers=["CPUExecutionProvider"])


def probabilities(session, samples):
    state = numpy.zeros((2, 1, 128), numpy.float32)
    context = numpy.zeros(CONTEXT, numpy.float32)
    found = []
    for start in range(0, len(samples), CHUNK):
        chunk = samples[start:start + CHUNK]
        chunk = numpy.pad(chunk, (0, CHUNK - len(chunk)))
        inputs = {"input": numpy.concatenate([context, chunk])[None], "state": state,
                  "sr": numpy.array(16000, numpy.int64)}
        output, state = session.run(None, inputs)
        found.append(float(output[0, 0]))
        context = chunk[-CONTEXT:]
    return found


def read(path):
    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError:
        return None
    if (info.samplerate, info.channels, info.subtype) != (16000, 1, "PCM_16"):
        return None
    return soundfile.read(str(path), dtype="float32")[0]


def main():
    wheel = zipfile.ZipFile(sys.argv[1])
    segmenter = reference_segmenter(wheel)
    session = reference_network(wheel)
    clips = []
    for number, folder in enumerate(map(Path, sys.argv[2:])):
        for path in sorted(folder.rglob("*")):
            samples = read(path) if path.suffix in (".wav", ".flac") else None
            if samples is None:
                continue
            found = probabilities(session, samples)
            clip = {"file": str(path.relative_to(folder)), "samples": len(samples), "speech": []}
            if number == 0:
                clip["probabilities"] = [round(p, 6) for p in found]
            for options in OPTIONS:
                spans = segmenter(found, audio_length_samples=len(samples), **options)
                clip["speech"].append([[span["start"], span["end"]] for span in spans])
            clips.append(clip)
    out = io.StringIO()
    out.write('{"options": ' + json.dumps(OPTIONS) + ',\n"clips": [\n')
    out.write(",\n".join(json.dumps(clip, separators=(",", ":")) for clip in clips))
    out.write("\n]}\n")
    sys.stdout.write(out.getvalue())


if __name__ == "__main__":
    main()
