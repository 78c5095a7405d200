#!/bin/sh
# The demo company, from its tables to the retention review. usage: scripts/demo.sh VENV OUT
set -eu

saasmetrics="$1/bin/saasmetrics"
out=$2
mkdir -p "$out"
rm -rf "$out/demo"  # made anew each time, also by a newer generator
"$saasmetrics" demo "$out/demo"
"$saasmetrics" report "$out/demo" --out "$out/review.html"
echo
echo "The retention review: $(cd "$out" && pwd)/review.html"
