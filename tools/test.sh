#!/usr/bin/env bash
# Run all tests as two processes side by side: those of the window, on a screen of their own, and
# all others. What the others say comes after; the last two lines are how either ended.
set -uo pipefail
python=$1
here=$(dirname "$0")
said=$(mktemp -d)
others=""
trap '[ -z "$others" ] || kill "$others" 2>/dev/null; rm -rf "$said"' EXIT

# Once beforehand: two installations of what a screen needs would be in each other's way.
"$here/with_screen.sh" true || exit

# Each has a core; a thread per core in both would make them wait for each other.
export OMP_NUM_THREADS=1
window=tests/widgets

"$here/with_screen.sh" "$python" -m pytest -o cache_dir=.pytest_cache/others \
  --ignore="$window" >"$said/others" 2>&1 &
others=$!
"$here/with_screen.sh" "$python" -m pytest -o cache_dir=.pytest_cache/window "$window" 2>&1 |
  tee "$said/window"
window_ended=${PIPESTATUS[0]}
wait "$others"
others_ended=$?
others=""

cat "$said/others"
echo
echo "window: $(tail -n 1 "$said/window")"
echo "others: $(tail -n 1 "$said/others")"
[ "$window_ended" = 0 ] && [ "$others_ended" = 0 ]
