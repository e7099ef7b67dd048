#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Compares the double with the genuine library of XRT:
#   tests/xrt_double/drift.sh DOUBLE GENUINE FACTS
# DOUBLE and GENUINE are the two libraries, FACTS is the program xclbin_facts. Fails if the double defines
# a symbol of XRT that the genuine library lacks, or if they read an xclbin differently.
set -eu
double=${1:?usage: drift.sh DOUBLE GENUINE FACTS}
genuine=$2
facts=$3

# The mangled names of functions, types and their tables in the name space xrt.
symbols() {
  nm -D --defined-only "$1" | sed -nE 's/^[0-9a-f]+ [A-Z] (_Z(NK?|T[ISV]N)3xrt.*)$/\1/p' | LC_ALL=C sort -u
}
count=$(symbols "$double" | wc -l)
[ "$count" -ge 50 ] || { echo "drift.sh: only $count symbols of XRT in $double"; exit 1; }
extra=$(LC_ALL=C comm -23 <(symbols "$double") <(symbols "$genuine") | c++filt)
[ -z "$extra" ] || { echo "drift.sh: $genuine lacks what the double has:"; echo "$extra"; exit 1; }
echo "$count symbols of the double are in the genuine library"

ours=$(LD_LIBRARY_PATH=$(dirname "$double") "$facts")
theirs=$(LD_LIBRARY_PATH=$(dirname "$genuine") "$facts")
[ "$ours" = "$theirs" ] || { echo "drift.sh: of an xclbin the double reads:"; echo "$ours"; echo "the genuine library:"; echo "$theirs"; exit 1; }
echo "$ours"
