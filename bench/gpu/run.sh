#!/usr/bin/env bash
# On a machine with an NVIDIA GPU, PyTorch with CUDA and a C++ compiler: unpacks Node, builds the addon, runs the conformance
# suite and the benchmarks. Needs what pack.mjs made, and neither network nor Node.
#
#   run.sh [build] [conformance] [small] [base]      all of them without a word
#
# DEVICE    cuda (default), or cpu for a rehearsal
# PYTHON    the Python that has PyTorch; default python3
# THREADS   threads on the CPU; default 4
# LIMIT     seconds of the step base; default 540
# OUT       where the JSON goes; default ./results
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pack=$here/.pack
[ -d "$pack" ] || pack=$here
[ -f "$pack/node.xz" ] || { echo "no pack in $here: make one with node bench/gpu/pack.mjs" >&2; exit 2; }

device=${DEVICE:-cuda}
export PYTHON=${PYTHON:-python3}
# PyTorch and ours compute with the same libtorch. Debian's has its headers elsewhere, where they are found.
if [ -z "${SIMVLM_LIBTORCH:-}" ]; then
  torch=$("$PYTHON" -c 'import importlib.util as u; print(u.find_spec("torch").submodule_search_locations[0])')
  [ ! -d "$torch/include" ] || export SIMVLM_LIBTORCH=$torch
fi
export LIMIT=${LIMIT:-540}
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

# A bundle with a time limit in seconds; whoever it started ends with it.
run() { timeout --kill-after=10 "$1" "$node" "$pack/js/$2.mjs" "${@:3}"; }

status=0
# Without an addon nothing else runs; whatever else fails, the rest still says what it can.
for step in ${*:-build conformance small base}; do
  echo "── $step on $device" >&2
  case $step in
    build) run 580 build ;;
    # Numbers are compared to the last digits of float32, which TF32 does not have.
    conformance) NVIDIA_TF32_OVERRIDE=0 run 580 conformance "$device" >"$out/conformance.json" || status=1 ;;
    small) run 580 small "$device" >"$out/small.jsonl" || status=1 ;;
    base) run $((LIMIT + 30)) base "$device" --json "$out/base.json" >"$out/base.jsonl" || status=1 ;;
    *) echo "no step \"$step\"; there are build, conformance, small and base" >&2; exit 2 ;;
  esac
done
exit $status
