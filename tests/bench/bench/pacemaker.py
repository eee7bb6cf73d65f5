# SPDX-License-Identifier: Apache-2.0
"""The peer: Corosync, Pacemaker and crmsh as the distribution packages them, with their defaults and no fencing."""

import os
import shutil
import subprocess

from .crm import CrmStack
from .stack import Missing

PROGRAMS = ("corosync", "pacemakerd", "crm", "crm_mon", "crm_attribute")
AGENT = "/usr/lib/ocf/resource.d/heartbeat/IPaddr2"
PACKAGES = ("corosync", "pacemaker", "crmsh")

COROSYNC = """totem {{
    version: 2
    cluster_name: seed
    transport: udpu
    crypto_cipher: none
    crypto_hash: none
{token}}}
nodelist {{
{nodes}}}
quorum {{
    provider: corosync_votequorum
    two_node: 0
}}
logging {{
    to_logfile: yes
    logfile: /var/log/corosync.log
    to_syslog: no
    to_stderr: no
}}
"""

NODE = """    node {{
        name: {name}
        nodeid: {number}
        ring0_addr: {address}
    }}
"""

# There is no init system on the hosts. Each daemon stays in the foreground, as a child of the host's first process.
BOOT = """#!/bin/sh
corosync -f </dev/null >>/var/log/corosync.out 2>&1 &
until corosync-quorumtool -s >/dev/null 2>&1; [ $? -ne 1 ]; do sleep 0.1; done
PCMK_logfile=/var/log/pacemaker/pacemaker.log pacemakerd -f </dev/null >>/var/log/pacemakerd.out 2>&1 &
"""


class PacemakerStack(CrmStack):
    title = "Corosync + Pacemaker"
    notices = 12.0

    def __init__(self, storage, token=None):
        super().__init__(storage)
        self.token = token
        if token:
            self.title += f", token {token} ms"

    def require(self):
        absent = [name for name in PROGRAMS if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")]
        if not os.path.exists(AGENT):
            absent.append(AGENT)
        if absent:
            raise Missing(f"not installed: {', '.join(absent)}")
        if os.geteuid() != 0:
            raise Missing("its daemons change to the user hacluster, which only root can allow")

    def version(self):
        form = "${Package} ${Version}, "
        done = subprocess.run(["dpkg-query", "-W", "-f", form, *PACKAGES], capture_output=True, text=True)
        return done.stdout.rstrip(", ") or "of unknown version"

    def start_daemons(self):
        nodes = "".join(
            NODE.format(name=host.name, number=number, address=host.address)
            for number, host in enumerate(self.testbed.hosts, 1)
        )
        # With the default coefficient of 650 ms for the third node, the token would be no such short one.
        token = f"    token: {self.token}\n    token_coefficient: 0\n" if self.token else ""
        for host in self.testbed.hosts:
            host.write_file("/etc/corosync/corosync.conf", COROSYNC.format(nodes=nodes, token=token))
            host.write_file("/etc/rc.local", BOOT, mode=0o755)
            host.run(["install", "-d", "-o", "hacluster", "-g", "haclient", "-m", "770", "/var/log/pacemaker"])
            host.run(["install", "-d", "-m", "755", "/var/log/crmsh"])
            # What an earlier cluster of this machine itself left there is not the host's.
            host.run(["sh", "-c", "rm -rf /var/lib/pacemaker/cib/* /var/lib/pacemaker/pengine/* /var/lib/corosync/*"])
        for host in self.testbed.hosts:
            host.spawn(["sh", "/etc/rc.local"], log="/var/log/boot.log", lasting=False)

    def status(self, host):
        return self.testbed[host].call(["crm_mon", "-1"]).stdout

    def daemons(self, host):
        return self.family(host, ("corosync", "pacemakerd"))

    def deciders(self, host):
        return self.testbed[host].find("pacemaker-controld")

    def lost(self):
        # Whoever is left says it.
        return max(map(len, self.said("/var/log/corosync.log", "A processor failed")), default=0)

    def tool(self):
        return ["crm"]

    def move_away(self):
        # Without a target it asks for this word.
        return ["resource", "move", "ClusterIP", "force"]

    def quick_status(self):
        return ["crm_mon", "-1"]

    def quick_change(self, name, value):
        return ["crm_attribute", "--type", "crm_config", "--name", name, "--update", value]
