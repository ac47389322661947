#!/usr/bin/env bash
# On a machine with an NVIDIA GPU, PyTorch with CUDA and a C++ compiler: unpacks Node, builds the addon, runs the conformance
# suite and the benchmark. Needs what pack.mjs made, and neither network nor Node.
#
#   run.sh [build] [conformance] [bench]      all of them without a word
#
# DEVICE    cuda (default), or cpu for a rehearsal
# PYTHON    the Python that has PyTorch; default python3
# PROBLEMS  what the benchmark trains: small, base or both; default both on CUDA, small on the CPU
# OUT       where the JSON goes; default ./results
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pack=$here/.pack
[ -d "$pack" ] || pack=$here
[ -f "$pack/node.xz" ] || { echo "no pack in $here: make one with node bench/gpu/pack.mjs" >&2; exit 2; }

device=${DEVICE:-cuda}
export PYTHON=${PYTHON:-python3}
export WORK=${WORK:-${TMPDIR:-/tmp}/simvlm-gpu}
# The addon is built where this run keeps its files, and not into the user's cache.
export XDG_CACHE_HOME=$WORK/cache
out=${OUT:-$here/results}
mkdir -p "$WORK" "$out"
node=$WORK/node-$(cat "$pack/node.version")

if [ ! -x "$node" ]; then
  # Python has the decompressor where the machine has no xz.
  "$PYTHON" -c 'import lzma, shutil, sys
with lzma.open(sys.argv[1]) as source, open(sys.argv[2], "wb") as target: shutil.copyfileobj(source, target)' \
    "$pack/node.xz" "$node.part"
  chmod +x "$node.part"
  mv "$node.part" "$node"
fi

steps=${*:-build conformance bench}
status=0
for step in $steps; do
  echo "── $step on $device" >&2
  case $step in
    build) "$node" "$pack/js/build.mjs" ;;
    conformance)
      # Numbers are compared to the last digits of float32, which TF32 does not have.
      NVIDIA_TF32_OVERRIDE=0 "$node" "$pack/js/conformance.mjs" "$device" >"$out/conformance.json" || status=1
      ;;
    bench)
      # shellcheck disable=SC2086 — a list of words
      "$node" "$pack/js/bench.mjs" "$device" ${PROBLEMS:-$([ "$device" = cpu ] && echo small || echo small base)} \
        >"$out/bench.jsonl" || status=1
      ;;
    *) echo "no step \"$step\"; there are build, conformance and bench" >&2; exit 2 ;;
  esac
done
exit $status
