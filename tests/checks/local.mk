EXTRA_DIST += tests/check tests/checks/layers.py
