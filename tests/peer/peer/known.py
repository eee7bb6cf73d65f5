# SPDX-License-Identifier: Apache-2.0
"""Differences that are meant: where this version of the peer decides otherwise than its successors, or its documentation.

Each has a reason, and a test that is as narrow as can be: it changes the question so that what is meant no longer plays a
part (`without`), and then both must agree. A difference that remains is not this one."""

import collections

Known = collections.namedtuple("Known", "name reason without")

# without(cib) -> a changed copy, or None when the matter does not occur in it.
KNOWN = []
