# SPDX-License-Identifier: Apache-2.0
"""Two cluster stacks on the same testbed, measured with the same instruments."""
