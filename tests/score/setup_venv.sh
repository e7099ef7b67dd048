#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes the Python environment of score.py. Usage: setup_venv.sh FOLDER
set -eu
folder=${1:?usage: setup_venv.sh FOLDER}
[ -x "$folder/bin/python" ] || python3 -m venv "$folder"
"$folder/bin/pip" install --quiet whisper-normalizer==0.1.15 jiwer==4.0.0
