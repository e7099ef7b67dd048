#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Formats every C++ file that git tracks; with --check, only says which are not formatted.
set -eu
cd "$(dirname "$0")/.."
mode=-i
[ "${1:-}" = --check ] && mode='--dry-run --Werror'
# shellcheck disable=SC2086
git ls-files '*.h' '*.cc' | xargs clang-format $mode
