#!/bin/bash
# Runs tests of the addon with every access to memory checked: asan.sh packages/backend-native/test/addon.test.ts
# It compiles an addon of its own with AddressSanitizer, into a cache of its own.
set -eu
cd "$(dirname "$0")/../../.."
work="${TMPDIR:-/tmp}/simvlm-asan-$(id -u)"
mkdir -p "$work"
# The compiler itself needs no checks.
cat > "$work/g++" <<'END'
#!/bin/sh
unset LD_PRELOAD
exec g++ -fsanitize=address -fno-omit-frame-pointer -g "$@"
END
chmod +x "$work/g++"
export CXX="$work/g++" XDG_CACHE_HOME="$work/cache"
# Node frees nothing when it ends, which is no leak; and it loads libstdc++ after the sanitizer wants to find it.
export ASAN_OPTIONS="detect_leaks=0:halt_on_error=1:${ASAN_OPTIONS:-}"
export LD_PRELOAD="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libstdc++.so.6)"
# Everything takes several times as long.
exec node node_modules/vitest/vitest.mjs run --pool=forks --testTimeout=600000 --hookTimeout=600000 "${@:-packages/backend-native/test}"
