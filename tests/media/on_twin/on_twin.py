#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command where the NPU is the twin, on a model that is prepared for it.
usage: on_twin.py MODEL MODELS_COMMAND MODULE XRT_LIBRARY WRITE_OVERLAY COMMAND [ARGUMENT...]

MODEL is a folder of the corpus (models/random/hf-wide-f16), or a model's name. The command finds the
properties of npuwhisper in NPUWHISPER_TEST_PROPERTIES, with the twin as the device.
"""
import os
import pathlib
import subprocess
import sys
import tempfile

SKIPPED = 77
# A random model goes on to the end of its room, and each token takes time on the twin.
PROPERTIES = "device=npu precision=npu max-tokens=12 temperature-increment-on-fallback=0"


def find(model):
    if "/" not in model:
        data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
        named = os.environ.get("NPUWHISPER_TEST_MODEL")
        path = pathlib.Path(named or pathlib.Path(data) / "npuwhisper" / "models" / model)
    elif corpus := os.environ.get("NPUWHISPER_TEST_CORPUS"):
        path = pathlib.Path(corpus) / model
    else:
        print("no corpus (-Dcorpus=PATH)")
        sys.exit(SKIPPED)
    if not path.exists():
        print(f"{path} is not there")
        sys.exit(SKIPPED)
    return path


def main():
    name, models, module, library, write_overlay, *command = sys.argv[1:]
    model = find(name)
    with tempfile.TemporaryDirectory() as folder:
        overlay = pathlib.Path(folder) / "overlay.xclbin"
        environment = dict(os.environ, NPUWHISPER_PREPARED=folder)
        subprocess.run([models, "--quiet", "prepare", model], env=environment, check=True)
        subprocess.run([write_overlay, overlay], check=True)
        environment |= {
            "NPUWHISPER_XRT_MODULE": module, "NPUWHISPER_OVERLAY": str(overlay),
            "LD_LIBRARY_PATH": str(pathlib.Path(library).parent),
            # What breaks XRT's rules ends the process.
            "XRT_DOUBLE_STRICT": "1",
            "NPUWHISPER_TEST_PROPERTIES": f"{PROPERTIES} model={model}"}
        return subprocess.run(command, env=environment).returncode


sys.exit(main())
