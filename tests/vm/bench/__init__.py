# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's half of the test bench: images, machine, channel, stories."""
