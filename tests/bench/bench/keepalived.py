# SPDX-License-Identifier: Apache-2.0
"""keepalived as the distribution packages it: VRRP between the three hosts, which knows no quorum and no service but by scripts."""

import os
import shutil
import signal
import subprocess

from .stack import SERVICE, VICTIM, Missing, Stack

PRIORITIES = {"test3": 200, "test1": 150, "test5": 100}
LOWER = 120  # test3 is below test1 then
FILE = "/etc/keepalived/keepalived.conf"
TRACKED = "/etc/keepalived/lower"
LOG = "/var/log/keepalived.log"

# VRRP version 3 alone has intervals below a second. Real-time priority and locked memory are what its manual offers for these;
# with the limit of 10 ms that comes with that priority, the kernel kills it now and then where processors are shared.
CONFIGURATION = """global_defs {{
    vrrp_version 3
    script_user root
    enable_script_security
{short}}}
vrrp_script service {{
    script "/etc/init.d/maxscale status"
    interval 1
    fall 1
    rise 1
}}
track_file lower {{
    file {tracked}
    weight 1
    init_file 0
}}
vrrp_instance address {{
    state BACKUP
    interface {interface}
    virtual_router_id 51
    priority {priority}
    advert_int {seconds}
    virtual_ipaddress {{
        {vip}/24 dev {interface}
    }}
    track_script {{
        service
    }}
    track_file {{
        lower
    }}
}}
"""

SHORT = """    vrrp_rt_priority 50
    vrrp_rlimit_rttime 1000000
    vrrp_no_swap
"""

BOOT = f"""#!/bin/sh
/etc/init.d/maxscale start
keepalived --dont-fork --log-console --log-detail --vrrp </dev/null >>{LOG} 2>&1 &
"""


class KeepalivedStack(Stack):
    has_dc = False

    def __init__(self, storage, interval_ms):
        super().__init__(storage)
        self.interval_ms = interval_ms
        self.title = f"keepalived, {f'{interval_ms} ms' if interval_ms < 1000 else f'{interval_ms // 1000} s'}"

    def require(self):
        if not shutil.which("keepalived", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            raise Missing("not installed: keepalived")
        if os.geteuid() != 0:
            raise Missing("only root can give it its priority")

    def version(self):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}", "keepalived"], capture_output=True, text=True)
        return done.stdout or "of unknown version"

    def start_all(self):
        for host in self.testbed.hosts:
            text = CONFIGURATION.format(
                short=SHORT if self.interval_ms < 1000 else "",
                tracked=TRACKED,
                interface=host.interface,
                priority=PRIORITIES[host.name],
                seconds=f"{self.interval_ms / 1000:g}",
                vip=self.testbed.vip,
            )
            host.write_file(FILE, text)
            host.write_file("/etc/rc.local", BOOT, mode=0o755)
            host.spawn(["sh", "/etc/rc.local"], log="/var/log/boot.log", lasting=False)
        self.wait_whole()

    def daemons(self, host):
        return self.family(host, ("keepalived",))

    def deciders(self, host):
        """The child that does VRRP; its parent only watches over it."""
        daemons = [process for process in self.daemons(host) if process.name == "keepalived"]
        pids = {process.pid for process in daemons}
        return [process for process in daemons if process.parent in pids]

    def lost(self):
        # One that misses the master says it of itself.
        return sum(map(len, self.said(LOG, "Entering MASTER STATE")))

    def protect(self):
        self.wait_whole()

    def wait_whole(self):
        def running():
            return all(host.find(SERVICE) and self.deciders(host.name) for host in self.testbed.hosts)

        self.testbed.wait_until(running, 60, f"{self.title}: all hosts run it, and the service")
        self.wait_pinned()

    def standby(self):
        """What is done on such a host before it is serviced: the daemon is stopped, and says so to the others."""
        for process in self.daemons(VICTIM):
            if process.name == "keepalived":
                process.kill(signal.SIGTERM)

    def online(self):
        self.victim.spawn(["sh", "/etc/rc.local"], log="/var/log/boot.log", lasting=False)

    def move(self):
        self._lower(-LOWER)

    def unmove(self):
        self._lower(0)

    def _lower(self, value):
        # Written in place: what is watched is this file, not one that takes its name.
        with open(self.victim.path(TRACKED), "w") as file:
            file.write(f"{value}\n")

    def clean_up(self):
        self.victim.run(["/etc/init.d/maxscale", "start"])
