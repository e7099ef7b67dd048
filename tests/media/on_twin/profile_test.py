#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What npusubtitle --profile says of the NPU. Run by on_twin.py. usage: profile_test.py NPUSUBTITLE"""
import json
import os
import subprocess
import sys

import media

PROPERTIES = dict(word.split("=", 1) for word in os.environ["NPUWHISPER_TEST_PROPERTIES"].split())
MOST_BYTES_OF_A_STEP = 200e3  # rows, limits and streams; no weights


def profile(npusubtitle, clip):
    others = {name: value for name, value in PROPERTIES.items() if name not in ("device", "precision", "model")}
    command = [npusubtitle, "--profile", "--json", "--quiet", "--device=npu", "--precision=npu", "--language=en",
               f"--model={PROPERTIES['model']}", "--to=2", *(f"--set={n}={v}" for n, v in others.items()), clip]
    shown = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout
    print(shown)
    return json.loads(shown)


def main():
    found = profile(sys.argv[1], media.jfk_wav())
    lists = {work["list"]: work for work in found["device_work"]}
    assert {"loading", "encoder", "cross_kv", "decode_step"} <= lists.keys(), sorted(lists)
    for name in ("encoder", "cross_kv", "decode_step"):
        for figure in ("replays", "commands", "device_s", "host_s"):
            assert lists[name][figure] > 0, (name, figure)
    step = lists["decode_step"]
    assert step["logits_s"] > 0 and step["bytes_from_device"] > 0
    assert 0 < found["commands_per_token"] <= 2
    assert step["bytes_to_device"] / step["replays"] < MOST_BYTES_OF_A_STEP
    return 0


sys.exit(main())
