# SPDX-License-Identifier: GPL-3.0-or-later
"""same_figures.py A B: two reports say the same, every number within 1e-12.

But for "build", which names the binary that wrote them."""
import json
import sys


def walk(a, b, path, count):
    if isinstance(a, dict) and isinstance(b, dict) and a.keys() == b.keys():
        for key in a.keys() - {"build"}:
            walk(a[key], b[key], path + "." + key, count)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, pair in enumerate(zip(a, b)):
            walk(*pair, f"{path}[{i}]", count)
    elif isinstance(a, float) and isinstance(b, float):
        count[0] += 1
        if abs(a - b) > 1e-12 * max(1.0, abs(a)):
            sys.exit(f"{path}: {a!r} is not {b!r}")
    elif a != b:
        sys.exit(f"{path}: {a!r} is not {b!r}")


count = [0]
walk(*(json.load(open(name)) for name in sys.argv[1:3]), "", count)
if count[0] < 100:
    sys.exit(f"only {count[0]} figures")
print(f"{count[0]} figures are those of amd64 within 1e-12")
