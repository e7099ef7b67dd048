#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole element with device=npu, on a library of XRT whose NPU is the twin: the text of precision=npu on
the CPU. usage: npu_on_twin_test.py MODELS_COMMAND MODULE XRT_LIBRARY WRITE_OVERLAY"""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SKIPPED = 77


def transcribe(model, sound, environment, folder, *properties):
    text = folder / 'text'
    text.unlink(missing_ok=True)
    begin = time.monotonic()
    subprocess.run(
        ['gst-launch-1.0', '-q', 'filesrc', f'location={sound}', '!', 'decodebin', '!', 'npuwhisper',
         f'model={model}', 'language-code=en', 'temperature-increment-on-fallback=0', 'precision=npu', *properties,
         '!', 'text/x-raw,format=utf8', '!', 'filesink', f'location={text}'], env=environment, check=True)
    found = text.read_text(encoding='utf-8')
    print(f'{" ".join(properties)}: {time.monotonic() - begin:.1f} s, {found!r}')
    return found


def main():
    models, module, library, write_overlay = (pathlib.Path(path) for path in sys.argv[1:])
    corpus = os.environ.get('NPUWHISPER_TEST_CORPUS')
    if not corpus:
        print('no corpus (-Dcorpus=PATH)')
        return SKIPPED
    model = pathlib.Path(corpus) / 'models/random/hf-wide-f16'
    sound = pathlib.Path(os.environ['NPUWHISPER_TEST_DATA']) / 'speech/jfk.wav'
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        environment = dict(os.environ, NPUWHISPER_PREPARED=str(folder))
        subprocess.run([models, '--quiet', 'prepare', model], env=environment, check=True)
        overlay = folder / 'overlay.xclbin'
        subprocess.run([write_overlay, overlay], check=True)
        on_cpu = transcribe(model, sound, environment, folder, 'device=cpu')
        # A violation of XRT's rules ends the process.
        environment |= {'NPUWHISPER_XRT_MODULE': str(module), 'NPUWHISPER_OVERLAY': str(overlay),
                        'LD_LIBRARY_PATH': str(library.parent), 'XRT_DOUBLE_STRICT': '1'}
        on_npu = transcribe(model, sound, environment, folder, 'device=npu')
    if not on_cpu or on_npu != on_cpu:
        print(f'expected the text of the CPU, {on_cpu!r}, found {on_npu!r}')
        return 1
    return 0


sys.exit(main())
