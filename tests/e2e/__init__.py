# SPDX-License-Identifier: Apache-2.0
"""End-to-end tests: whole clusters on the testbed. run.py runs them."""
