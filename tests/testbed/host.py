# SPDX-License-Identifier: Apache-2.0
"""One host: its power, its cable, its files, and the commands and daemons which run on it."""

import os
import signal
import subprocess
import tempfile
from collections import namedtuple

from . import freezer, network, processes, spaces

HERE = os.path.dirname(os.path.abspath(__file__))
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Settings of sanitizers and valgrind reach the daemons; nothing else of the caller's environment does.
PASSED_ON = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS", "TERM")
# What becomes a daemon: it says its pid first. $0 is its log.
STARTER = 'echo $$; exec "$@" >>"$0" 2>&1 </dev/null'

Result = namedtuple("Result", "status stdout stderr")


class CommandFailed(AssertionError):
    """A command on a host ended with another status than 0, or took too long."""


class Host:
    def __init__(self, testbed, name, address, interface, index, own_files=True):
        self.testbed = testbed
        self.name = name
        self.address = address
        self.address6 = network.address6_of(index)
        self.interface = interface
        self.mac = network.mac_of(index)
        self.port = network.port_name(name, index)
        self.own_files = own_files
        self.pid = None  # the host's first process, as a pid of the machine
        self.plugs = self._plugs(index)
        self.pulled = set()  # the networks whose cable is out
        self._booting = None
        self._commands = set()

    def __repr__(self):
        return f"<Host {self.name} {self.address} {'on' if self.is_on else 'off'}>"

    def _plugs(self, index):
        bed = self.testbed
        plugs = [network.Plug(1, network.BRIDGE, self.port, self.interface, self.mac, self.address, bed.prefix_length)]
        if bed.second and self.own_files:
            address = network.second_address_of(bed.second, self.address)
            names = (network.SECOND_BRIDGE, f"second{index}", network.SECOND_INTERFACE, network.mac_of(index, 2))
            plugs.append(network.Plug(2, *names, address, bed.second.prefixlen))
        return plugs

    def plug_of(self, number):
        """Where it is connected to a network, 1 or 2."""
        for plug in self.plugs:
            if plug.network == number:
                return plug
        raise ValueError(f"testbed: {self.name} is not on network {number}")

    @property
    def address2(self):
        """On the second network."""
        return self.plug_of(2).address

    @property
    def plugged(self):
        return not self.pulled

    # Power and cable

    @property
    def is_on(self):
        return self.pid is not None

    @property
    def disk(self):
        """Where the testbed keeps what outlives a power-off, as a path of the machine; "-" for none."""
        return os.path.join(self.testbed.directory, "hosts", self.name) if self.own_files else "-"

    @property
    def _group(self):
        return f"{os.path.basename(self.testbed.directory)}.{self.name}"

    def power_on(self):
        """Boot: new namespaces, the old disk, an empty memory; then /etc/rc.local, if there is one."""
        if self.is_on:
            raise RuntimeError(f"testbed: {self.name} is on already")
        unshare = ["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--fork", "--kill-child"]
        boot = ["sh", os.path.join(HERE, "boot-host.sh"), self.name, self.disk]
        boot += [":".join(self.testbed.layers), ":".join(self.testbed.shares)]
        self._booting, line = spaces.start(
            spaces.enter(self.testbed.pid) + unshare + boot, f"the boot of {self.name}", self.testbed.environment()
        )
        self.pid = int(line)
        self.testbed.switch.connect(self)
        self.pulled.clear()
        self.testbed.save()
        if self.own_files and self.exists("/etc/rc.local"):
            self.spawn(["sh", "/etc/rc.local"], log="/var/log/boot.log", lasting=False)

    def power_off(self):
        """Everything at once, without a word to anybody: nothing more is sent, no process has a last moment."""
        self._require_on()
        switch = self.testbed.switch
        switch.dark |= {plug.port for plug in self.plugs}
        switch.apply()
        if not spaces.end_namespace(self.pid, [command.pid for command in self._commands], 30):
            raise RuntimeError(f"testbed: {self.name} does not end: {[p.argv for p in self.processes()]}")
        switch.disconnect(self)
        switch.dark -= {plug.port for plug in self.plugs}
        switch.apply()
        freezer.discard(self._group)
        self.pid = None
        self._reap()
        self.testbed.save()

    def _reap(self):
        """The commands which ran on the host have ended with it: collect what waited for them here."""
        for waiter in [self._booting, *self._commands]:
            if waiter is not None:
                spaces.kill(waiter.pid, signal.SIGCONT)
                waiter.wait()
        self._booting = None
        self._commands.clear()

    def _require_on(self):
        if not self.is_on:
            raise RuntimeError(f"testbed: {self.name} is off")

    def pull(self, network=None):
        """Pull the network cable, or that of one network: the host sees that the carrier is gone."""
        self._set_carriers(network, False)

    def plug(self, network=None):
        self._set_carriers(network, True)

    def _set_carriers(self, network, plugged):
        self._require_on()
        for plug in self.plugs if network is None else [self.plug_of(network)]:
            self.testbed.switch.set_carrier(plug, plugged)
            (self.pulled.discard if plugged else self.pulled.add)(plug.network)
        self.testbed.save()

    def remove_interface(self, network):
        """Take the network card out: the interface is gone, until insert_interface."""
        self._require_on()
        self.testbed.switch.remove_port(self.plug_of(network))

    def insert_interface(self, network):
        """Put it in again: an interface of the same name, down, without any address."""
        self._require_on()
        self.testbed.switch.add_port(self, self.plug_of(network))

    # Commands and daemons

    def _environment(self):
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        paths = [*self.testbed.path, PATH]
        return {**environment, "PATH": ":".join(paths), "HOME": "/root", "USER": "root", "LANG": "C.UTF-8"}

    def enter_command(self, argv):
        """The command line for the machine which runs a command on the host."""
        self._require_on()
        variables = [f"{name}={value}" for name, value in self._environment().items()]
        return spaces.enter(self.pid) + ["env", "-i", *variables, *argv]

    def popen(self, argv, **options):
        """A command in the foreground, for those who want its pipes. It ends with the testbed."""
        self._commands = {command for command in self._commands if command.poll() is None}
        process = subprocess.Popen(
            self.enter_command(argv), start_new_session=True, env=self.testbed.environment(), **options
        )
        self._commands.add(process)
        return process

    def call(self, argv, input=None, timeout=60):
        """Run a command to its end: Result(status, stdout, stderr)."""
        # Files, not pipes: what the command leaves in the background may hold its outputs open for ever.
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write((input or "").encode())
            given.seek(0)
            process = self.popen(argv, stdin=given, stdout=out, stderr=err)
            try:
                status = process.wait(timeout * self.testbed.patience)
            except subprocess.TimeoutExpired:
                spaces.end_command(process.pid)
                process.wait()
                status = None
            self._commands.discard(process)
            texts = []
            for file in (out, err):
                file.seek(0)
                texts.append(file.read().decode(errors="replace"))
        if status is None:
            raise CommandFailed(f"{self.name}: {' '.join(argv)} did not end within {timeout} s\n{texts[0]}{texts[1]}")
        return Result(status, *texts)

    def run(self, argv, check=True, input=None, timeout=60):
        """Run a command to its end; its standard output. With check, another status than 0 is an error."""
        result = self.call(argv, input, timeout)
        if check and result.status != 0:
            said = (result.stdout + result.stderr).strip()
            raise CommandFailed(f"{self.name}: {' '.join(argv)} ended with status {result.status}: {said}")
        return result.stdout

    def spawn(self, argv, log=None, lasting=True):
        """Start a daemon: its parent is the host's first process, its outputs are added to a log of the host.

        Returns its Process. It is an error if it cannot be executed or ends at once, unless it is not meant to last: then
        None may be returned.
        """
        log = log or f"/var/log/{os.path.basename(argv[0])}.log"
        shell = ["setsid", "-f", "sh", "-c", STARTER, log]
        starting = self.popen([*shell, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        try:
            # setsid may end before its child has said its pid, so it is not setsid which is waited for.
            pid = int(spaces.read_line(starting.stdout, 30, f"the start of {argv[0]} on {self.name}"))
            starting.wait()
        finally:
            starting.stdout.close()
        process = self._when_started(pid)
        if process is None and lasting:
            raise CommandFailed(f"{self.name}: {' '.join(argv)} ended at once; {log}:\n{self.tail(log)}")
        return process

    def _when_started(self, pid):
        """Wait until the shell has become the daemon (or has failed to)."""
        while True:
            found = self.find(pid)
            if not found or STARTER not in found[0].argv:
                return found[0] if found else None

    def service(self, name, action, timeout=60):
        """/etc/init.d/NAME ACTION: Result(status, stdout, stderr)."""
        return self.call([f"/etc/init.d/{name}", action], timeout=timeout)

    # Processes

    def processes(self):
        return processes.list_processes(self.pid) if self.is_on else []

    def find(self, what):
        """The processes meant by a name, a pid inside the host, or a list of such."""
        wanted = [what] if isinstance(what, (str, int)) else list(what)
        return [process for process in self.processes() if any(process.matches(one) for one in wanted)]

    def kill(self, what, number=signal.SIGKILL):
        """Send a signal from outside. It is an error if nobody is there to get it: the fault would not be one."""
        found = self.find(what)
        if not found:
            raise CommandFailed(f"{self.name}: no process {what} to send signal {int(number)} to")
        for process in found:
            process.kill(number)
        return found

    def freeze(self, what=None):
        """Stop processes where they are; without an argument all of the host, at once where cgroups allow it."""
        self._require_on()
        if what is not None:
            return self.kill(what, signal.SIGSTOP)
        freezer.freeze(self.pid, self._group)
        return self.processes()

    def thaw(self, what=None):
        self._require_on()
        if what is not None:
            return self.kill(what, signal.SIGCONT)
        freezer.thaw(self.pid, self._group)
        # nsenter stops itself with the command it waits for.
        for command in self._commands:
            command.send_signal(signal.SIGCONT)
        return self.processes()

    # Files and addresses

    def path(self, path):
        """A path of the running host as a path of the machine."""
        self._require_on()
        return f"/proc/{self.pid}/root{os.path.join('/', path)}"

    def exists(self, path):
        return os.path.exists(self.path(path))

    def read_file(self, path):
        with open(self.path(path), errors="replace") as file:
            return file.read()

    def write_file(self, path, content, mode=0o644):
        """The file is replaced, not changed: one of the machine's own may not belong to the host's root."""
        target = self.path(path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target + ".new", "w" if isinstance(content, str) else "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content)
        os.rename(target + ".new", target)

    def tail(self, path, lines=40):
        return "\n".join(self.read_file(path).splitlines()[-lines:]) if self.exists(path) else ""

    def addresses(self):
        """All addresses of the host's interface, without prefix lengths, as the kernel has them now."""
        lines = self.run(["ip", "-o", "addr", "show", "dev", self.interface]).splitlines()
        return [line.split()[3].split("/")[0] for line in lines]

    def has_address(self, address):
        return self.is_on and address in self.addresses()
