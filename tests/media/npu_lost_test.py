#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The whole element with an NPU that is lost in mid-stream, on a library of XRT whose NPU is the twin: the text of
precision=npu on the CPU, and what the messages say.
usage: npu_lost_test.py MODELS_COMMAND MODULE XRT_LIBRARY WRITE_OVERLAY"""
import os
import pathlib
import subprocess
import sys
import tempfile
import wave

SKIPPED = 77
WARNING = 'The NPU was lost and given up; text goes on, without a gap, on device cpu.'

# name, fault plan, properties, whether a warning comes, parts of an error
CASES = [
    ('undisturbed', '', 'device=npu', False, []),
    ('a command that fails once', 'command@2=error', 'device=npu', False, []),
    ('a command that hangs once', 'command@4=hang', 'device=npu', False, []),
    ('a call that fails once', 'sync@20=fail', 'device=auto', False, []),
    ('a device that vanishes in the encoder', 'command@1=vanish', 'device=auto', True, []),
    ('a device that vanishes in a step', 'command@5=vanish', 'device=auto', True, []),
    ('a device that is wedged', 'command@4=wedge', 'device=auto', True, []),
    ('commands that fail in each context', 'command@4+=abort', 'device=auto', True, []),
    ('a device that vanishes, and no other', 'command@5=vanish', 'device=npu', False,
     ['the NPU was given up: a command ended in ABORT', 'it could not be opened again', 'Choose device cpu (or auto)']),
    ('a device that fails twice, and no other', 'command@5+=timeout', 'device=npu', False,
     ['a command ended in TIMEOUT (', 'and again in a fresh context: a command ended in TIMEOUT']),
]


def shorten(sound, to):
    """The first 3 s."""
    with wave.open(str(sound)) as source, wave.open(str(to), 'wb') as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(3 * source.getframerate()))


def transcribe(model, sound, environment, folder, *properties):
    """The text, what was printed, and the status."""
    text = folder / 'text'
    text.unlink(missing_ok=True)
    run = subprocess.run(
        ['gst-launch-1.0', '-m', 'filesrc', f'location={sound}', '!', 'wavparse', '!', 'npuwhisper', f'model={model}',
         'language-code=en', 'temperature-increment-on-fallback=0', 'encoder-positions=fitting', 'max-tokens=8', 'vad=off',
         'precision=npu', 'output-mode=segments', *properties, '!', 'text/x-raw,format=utf8', '!', 'filesink', f'location={text}'],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False)
    return text.read_text(encoding='utf-8') if text.exists() else '', run.stdout.decode(), run.returncode


def main():
    models, module, library, write_overlay = (pathlib.Path(path) for path in sys.argv[1:])
    corpus = os.environ.get('NPUWHISPER_TEST_CORPUS')
    if not corpus:
        print('no corpus (-Dcorpus=PATH)')
        return SKIPPED
    model = pathlib.Path(corpus) / 'models/random/hf-wide-f16'
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        sound = folder / 'sound.wav'
        shorten(pathlib.Path(os.environ['NPUWHISPER_TEST_DATA']) / 'speech/jfk.wav', sound)
        environment = dict(os.environ, NPUWHISPER_PREPARED=str(folder))
        subprocess.run([models, '--quiet', 'prepare', model], env=environment, check=True)
        overlay = folder / 'overlay.xclbin'
        subprocess.run([write_overlay, overlay], check=True)
        expected = transcribe(model, sound, environment, folder, 'device=cpu')[0]
        # A violation of XRT's rules ends the process.
        environment |= {'NPUWHISPER_XRT_MODULE': str(module), 'NPUWHISPER_OVERLAY': str(overlay),
                        'LD_LIBRARY_PATH': str(library.parent), 'XRT_DOUBLE_STRICT': '1', 'XRT_DOUBLE_WATCHDOG_MS': '20'}
        for what, faults, device, warns, errors in CASES:
            text, printed, status = transcribe(model, sound, environment | {'XRT_DOUBLE_FAULTS': faults}, folder, device)
            wrong = []
            if printed.count(WARNING) != (1 if warns else 0):
                wrong.append('the warning')
            if errors:
                wrong += [part for part in errors if part not in printed]
                wrong += ['the status'] if status == 0 else []
            elif text != expected or not text or status != 0:
                wrong.append(f'expected the text {expected!r}, found {text!r}, status {status}')
            print(f'{"FAIL" if wrong else "ok"}: {what} ({faults}, {device})')
            if wrong:
                failures += 1
                print('\n'.join(wrong), '\n', printed)
    return 1 if failures or not expected else 0


sys.exit(main())
