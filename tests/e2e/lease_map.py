# SPDX-License-Identifier: Apache-2.0
"""What the kernel has of the lease: the BPF map that a guard looks at, as this machine's root can read it."""

import ctypes
import os
import platform
import re
import struct
import time

MAP_CREATE, MAP_LOOKUP_ELEM, MAP_GET_FD_BY_ID = 0, 1, 14
MAP_TYPE_ARRAY, MMAPABLE = 2, 1 << 10
NUMBER = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "ppc64le": 361, "s390x": 351}.get(platform.machine())
FILTER = re.compile(r"halyard/(\S+)/(\d+)\.(\d+)")


def _bpf(command, attributes):
    if NUMBER is None:
        raise OSError(f"the number of bpf(2) on {platform.machine()} is not known here")
    buffer = ctypes.create_string_buffer(attributes, 128)
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.syscall(NUMBER, command, buffer, 128)
    if done < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return done


def refusal():
    """None, or why there can be no guard in the kernel for who runs this."""
    try:
        os.close(_bpf(MAP_CREATE, struct.pack("IIIII", MAP_TYPE_ARRAY, 4, 24, 1, MMAPABLE)))
        return None
    except OSError as error:
        return str(error)


def filters(host, address=None):
    """[(address, map, since)] of the guards on a host's interface, the same on both sides or else an error."""
    both = []
    for side in ("ingress", "egress"):
        shown = host.run(["tc", "filter", "show", "dev", host.interface, side])
        both.append(sorted((name, int(number), int(since)) for name, number, since in FILTER.findall(shown)))
    if both[0] != both[1]:
        raise AssertionError(f"{host.name}: on the way in {both[0]}, on the way out {both[1]}")
    return [one for one in both[0] if address in (None, one[0])]


def deadline_us(number):
    """The deadline in the map of this number, on CLOCK_BOOTTIME."""
    fd = _bpf(MAP_GET_FD_BY_ID, struct.pack("I", number))
    key, value = ctypes.create_string_buffer(4), ctypes.create_string_buffer(24)
    try:
        _bpf(MAP_LOOKUP_ELEM, struct.pack("IxxxxQQQ", fd, ctypes.addressof(key), ctypes.addressof(value), 0))
    finally:
        os.close(fd)
    return struct.unpack_from("q", value.raw, 8)[0]


def on_probes_clock_ms(boottime_us):
    asleep = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    return boottime_us / 1000 - asleep * 1000
