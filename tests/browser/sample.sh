#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# sample.sh: the page and the pictures that the documents show, from what `make
# browser` left in build/browser, or in the folder that is given.
set -eu
cd "$(dirname "$0")/../.."
from=${1:-build/browser}
cp "$from/sample.html" docs/examples/report.html
cp "$from/report.png" docs/examples/report.png
cp "$from/compare.png" docs/examples/compare.png
