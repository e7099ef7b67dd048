#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Makes a Python environment with OpenAI's implementation, for the scripts that write reference
# outputs. Needs 6 GB of disk. Usage: setup_venv.sh FOLDER
set -eu
folder=${1:?usage: setup_venv.sh FOLDER}
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet openai-whisper==20250625
echo "$folder/bin/python tests/golden/make_reference.py --help"
