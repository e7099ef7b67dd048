#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the Python environment of compare.py, with the peers that PyPI has. Usage: setup_venv.sh FOLDER
set -eu
folder=${1:?usage: setup_venv.sh FOLDER}
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet faster-whisper==1.2.1 ctranslate2==4.8.5 pywhispercpp==1.5.1 \
  whisper-normalizer==0.1.15 jiwer==4.0.0
