# SPDX-License-Identifier: Apache-2.0
"""Random clusters, decided by Halyard and by the crm_simulate that is installed, and compared."""
