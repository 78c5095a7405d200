#!/bin/sh
# The demo company, from its tables to the retention review. usage: scripts/demo.sh VENV OUT
set -eu

saasmetrics="$1/bin/saasmetrics"
out=$2
mkdir -p "$out"
"$saasmetrics" demo "$out/demo"
"$saasmetrics" report "$out/demo" --out "$out/review.html"
echo
echo "The retention review: $(cd "$out" && pwd)/review.html"
