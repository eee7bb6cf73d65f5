# SPDX-License-Identifier: Apache-2.0
"""The lease, hard: a host whose every process stands still or is dead answers for the VIP no longer than its lease lasts.

Where the kernel refuses BPF to who runs this, that is said, and what is tested is the address's lifetime alone.
"""

import os
import signal
import unittest

from . import lease_map
from .build import Build
from .case import VIP
from .test_power import VipCase

REFUSED = lease_map.refusal()
SECOND_VIP = "172.100.102.111"
SAMPLE_MS = 5  # between two questions of the probe


class GuardCase(VipCase):
    def host(self, name):
        return self.testbed[name]

    def daemons_frozen(self, name):
        """SIGSTOP for all of them: executor, core, guard, watches."""

        def stop_those_that_go():
            going = [process for process in self.cluster.daemons(name) if (process.state() or "Z") not in "TZ"]
            for process in going:
                process.kill(signal.SIGSTOP)
            return not going

        self.wait(stop_those_that_go, f"all daemons of {name} stand still")

    def make_permanent(self, name, address=VIP):
        """So that nothing but the guard is left to keep it quiet."""
        host = self.host(name)
        host.run(["ip", "address", "change", f"{address}/24", "dev", host.interface, "valid_lft", "forever", "preferred_lft",
                  "forever"])

    def note(self, node, resource="ClusterIP"):
        status = self.status()
        return next((i["note"] for i in status.instances(resource) if i["node"] == node), None) if status else None


class InKernel(GuardCase):
    """Not a test where the kernel refuses, or the build has no program for it: see Refused."""

    def guards(self, name, address=None):
        return lease_map.filters(self.host(name), address)

    def nothing_is_left(self, name):
        host = self.host(name)
        self.wait(lambda: not self.guards(name), f"no guard is left on {name}")
        self.assertNotIn("clsact", host.run(["tc", "qdisc", "show", "dev", host.interface]))

    def silent_from_the_deadline(self, who, ping, holder):
        """All stand still: the last answer is from before the deadline, though the address is there and stays."""
        ((_, number, _),) = self.guards(holder, VIP)
        written = lease_map.deadline_us(number)
        deadline = lease_map.on_probes_clock_ms(written)
        self.make_permanent(holder)
        ping.wait_silent(500)
        who.wait_holders([])
        self.assertTrue(self.host(holder).has_address(VIP))
        self.assertEqual(lease_map.deadline_us(number), written, "somebody has renewed the lease of a host that stands still")
        seen, heard = who.peek(), ping.peek()
        self.assertLessEqual(seen["holders"][holder]["last_ms"], deadline + SAMPLE_MS)
        self.assertLessEqual(heard["to_ms"] - heard["open_gap_ms"], deadline + SAMPLE_MS)
        self.assertGreater(seen["to_ms"], deadline + 400)

    def test_of_the_holder_is_told(self):
        holder, second, _ = self.place(on_dc=False)
        self.wait(lambda: self.note(holder) == "guard: eBPF", "the status says what binds the address to the lease")
        self.assertIn(f"\nNotes:\n* ClusterIP on {holder}: guard: eBPF\n", self.check(second, "status"))
        self.assertEqual(len(self.guards(holder, VIP)), 1)
        self.assertEqual(self.guards(second), [])

    def test_every_process_of_all_hosts_frozen(self):
        """Nobody can take it over, and nobody can let go: so the kernel alone is seen."""
        holder, *_ = self.place(on_dc=False)
        with self.testbed.ping() as ping, self.one_answers() as who:
            ping.wait_answered()
            for name in self.names:
                self.daemons_frozen(name)
            self.silent_from_the_deadline(who, ping, holder)
            for name in self.names:
                self.host(name).thaw(["halyardd", "halyard-core"])
            self.wait_holder(holder)
            who.wait_holders([holder])
        self.wait_whole()

    def test_every_process_of_all_hosts_killed(self):
        holder, *_ = self.place(on_dc=False)
        with self.testbed.ping() as ping, self.one_answers() as who:
            ping.wait_answered()
            for name in self.names:
                self.daemons_frozen(name)
            for name in self.names:
                for process in self.cluster.daemons(name):
                    process.kill(signal.SIGKILL)
            self.silent_from_the_deadline(who, ping, holder)
            host = self.host(holder)
            host.run(["ip", "address", "del", f"{VIP}/24", "dev", host.interface])
            self.assertEqual(len(self.guards(holder, VIP)), 1)
            self.cluster.start()
            self.wait_holder()
        self.wait_whole()
        self.place_vip(*[name for name in self.names if name != holder], holder)
        self.nothing_is_left(holder)

    def test_whole_host_frozen(self):
        """As a virtual machine that stands still, but for its kernel. The address is elsewhere, and on both."""
        holder, second, _ = self.place(on_dc=False)
        with self.one_answers() as who:
            self.host(holder).freeze()
            self.make_permanent(holder)
            self.wait(lambda: self.host(second).has_address(VIP), f"{second} takes the VIP over")
            who.wait_holders([second])
            who.lap()
            self.assertTrue(self.host(holder).has_address(VIP))
            self.wait(lambda: who.peek()["requests"] > 200, "the VIP is asked for for a while")
            answered = [name for name, heard in who.peek()["holders"].items() if heard["answers"]]
            self.assertEqual(answered, [second])
            self.host(holder).thaw()
            self.wait_holder(holder)
            who.wait_holders([holder])
        self.wait_whole()

    def test_killed_host_reaches_the_next_holder(self):
        """Its guard is still there, and drops what would be its own; what it says as a client passes. Then it clears it."""
        holder, second, _ = self.place(on_dc=False)
        with self.one_answers() as who:
            self.daemons_frozen(holder)
            for process in self.cluster.daemons(holder):
                process.kill(signal.SIGKILL)
            self.wait_holder(second)
            who.wait_holders([second])
            self.assertEqual(len(self.guards(holder, VIP)), 1)
            self.host(holder).run(["ping", "-q", "-c", "3", "-W", "20", VIP])
            self.cluster.configure(second, "location stay ClusterIP inf: " + second + "\n")
            self.cluster.start(holder)
            self.wait(lambda: self.cluster.cores(holder), f"{holder} is back")
            self.wait_whole()
            self.nothing_is_left(holder)
            self.check(second, "configure", "delete", "stay")
            self.wait_holder(holder)
        self.wait_whole()

    def test_several_addresses_beside_a_filter_of_somebody_else(self):
        holder, *_ = self.place(on_dc=False)
        host = self.host(holder)
        host.run(["tc", "filter", "add", "dev", host.interface, "ingress", "prio", "9", "bpf", "bytecode", "1,6 0 0 0"])
        self.cluster.configure(
            holder,
            f"primitive Second IPaddr2 params ip={SECOND_VIP} cidr_netmask=24\ncolocation together inf: Second ClusterIP\n",
        )
        self.wait_active("Second", [holder])
        self.assertEqual([address for address, *_ in self.guards(holder)], [VIP, SECOND_VIP])
        with self.testbed.who_has(SECOND_VIP) as who, self.testbed.ping() as ping, self.one_answers() as first:
            ping.wait_answered()
            who.wait_holders([holder])
            for name in self.names:
                self.daemons_frozen(name)
            self.make_permanent(holder, SECOND_VIP)
            self.silent_from_the_deadline(first, ping, holder)
            who.wait_holders([])
            for name in self.names:
                self.host(name).thaw(["halyardd", "halyard-core"])
            self.wait_active("Second", [holder])
        self.check(holder, "configure", "delete", "--force", "Second")
        self.wait(lambda: [a for a, *_ in self.guards(holder)] == [VIP], "the guard of the second is gone, that of the first is not")
        self.check(holder, "resource", "stop", "ClusterIP")
        self.wait_active("ClusterIP", [])
        self.assertEqual(self.guards(holder), [])
        self.assertIn("bytecode", host.run(["tc", "filter", "show", "dev", host.interface, "ingress"]))
        self.assertIn("clsact", host.run(["tc", "qdisc", "show", "dev", host.interface]))
        host.run(["tc", "qdisc", "del", "dev", host.interface, "clsact"])
        self.check(holder, "resource", "start", "ClusterIP")
        self.wait_holder(holder)

    def test_who_takes_it_away_finds_it_back(self):
        holder, *_ = self.place(on_dc=False)
        host = self.host(holder)
        before = self.guards(holder, VIP)
        host.run(["tc", "qdisc", "del", "dev", host.interface, "clsact"])
        self.wait(lambda: "clsact" in host.run(["tc", "qdisc", "show", "dev", host.interface]), "the watch puts it back")
        self.wait(lambda: self.guards(holder, VIP) == before, "it is as it was")

    def test_nothing_is_left_after_a_stop(self):
        holder, second, third = self.place(on_dc=False)
        self.place_vip(second, third, holder)
        self.nothing_is_left(holder)
        self.assertEqual(len(self.guards(second, VIP)), 1)


class Lifetime(GuardCase):
    """The net below, where guard=lifetime is set, or BPF is refused."""

    def bind_by_lifetime(self):
        """Says how it is told."""
        self.shell(self.names[0], "hactl resource param ClusterIP set guard lifetime")
        return "guard: address lifetime of 2 s"

    def test_all_killed(self):
        holder, second, _ = self.place(on_dc=False)
        told = self.bind_by_lifetime()
        self.wait(lambda: (self.note(holder) or "").startswith(told), f"the status says: {told}")
        with self.one_answers() as who:
            self.daemons_frozen(holder)
            for process in self.cluster.daemons(holder):
                process.kill(signal.SIGKILL)
            self.wait_holder(second, timeout=120)
            who.wait_holders([second])
            self.cluster.start(holder)
            self.wait_holder(holder)
        self.wait_whole()


class Refused(Lifetime):
    """Where the kernel refuses it, start says so, and with guard=ebpf it fails."""

    def bind_by_lifetime(self):
        return "guard: address lifetime of 2 s, eBPF refused: "

    def test_where_it_must_be_had_start_fails(self):
        self.place(on_dc=False)
        self.shell(self.names[0], "hactl resource param ClusterIP set guard ebpf")
        self.wait_status(
            lambda status: any("guard=ebpf cannot be had on this node: " in why for why in status.reasons("ClusterIP")),
            "the failure says why",
        )
        self.shell(self.names[0], "hactl resource param ClusterIP delete guard")
        self.shell(self.names[0], "hactl resource cleanup ClusterIP")


def load_tests(loader, _tests, _pattern):
    """Only what can be true here: what cannot is not there, rather than passed."""
    built = Build.folder is None or os.path.exists(os.path.join(Build.folder, "plugins/ipaddr2/guard.bpf.inc"))
    why = REFUSED or (None if built else "this build has no program for the kernel")
    if why:
        print(f"guard: BPF is refused here ({why}): the address's lifetime is what is tested", flush=True)
    classes = [Refused] if why else [InKernel, Lifetime]
    return unittest.TestSuite([loader.loadTestsFromTestCase(one) for one in classes])
