# SPDX-License-Identifier: Apache-2.0
"""Which of Debian's resource agents are tried, and with what."""

import collections

Case = collections.namedtuple("Case", "agent params prepare promotable needs alone")


def case(agent, params="", prepare="", promotable=False, needs="", alone=False):
    """`prepare`: a line for the shell of each host, before; `needs`: a Debian package beside resource-agents; `alone`: it
    cannot be one of several on a host."""
    return Case(agent, params, prepare, promotable, needs, alone)


APACHE = """cat >/run/apache.conf <<'END'
ServerRoot /usr/lib/apache2
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
LoadModule status_module modules/mod_status.so
ServerName localhost
Listen 8081
PidFile /run/apache-test.pid
ErrorLog /run/apache-error.log
DocumentRoot /srv
<Location /server-status>
SetHandler server-status
</Location>
END"""
NGINX = """cat >/run/nginx.conf <<'END'
pid /run/nginx-test.pid;
error_log /run/nginx-error.log;
user root;
events {}
http { access_log off; server { listen 8082; location / { return 200 test; } } }
END"""
NAMED = """mkdir -p /run/named /var/cache/bind; cat >/run/named.conf <<'END'
options { directory "/var/cache/bind"; listen-on port 53 { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "/run/named/named.pid";
recursion no; };
zone "test" { type master; file "/run/named/test.zone"; };
END
printf '$TTL 60\\n@ IN SOA localhost. root.localhost. 1 60 60 60 60\\n@ IN NS localhost.\\nwww IN A 127.0.0.1\\n' >/run/named/test.zone"""
RSYNCD = """cat >/run/rsyncd.conf <<'END'
pid file = /run/rsyncd-test.pid
port = 8873
[srv]
path = /srv
END"""
SQUID = """mkdir -p /run/squid-test; chown proxy: /run/squid-test; cat >/run/squid.conf <<'END'
http_port 8083
pid_filename /run/squid-test/squid.pid
cache_log /run/squid-test/cache.log
access_log none
http_access deny all
shutdown_lifetime 1 second
END"""
REDIS = """mkdir -p /run/redis-data; cat >/run/redis.conf <<'END'
port 8084
dir /run/redis-data
END"""
VSFTPD = """mkdir -p /run/vsftpd/empty; cat >/run/vsftpd.conf <<'END'
listen=YES
listen_port=8021
background=YES
secure_chroot_dir=/run/vsftpd/empty
END"""
DHCPD = """mkdir -p /run/dhcp /var/lib/dhcp; touch /var/lib/dhcp/dhcpd.leases; cat >/run/dhcpd.conf <<'END'
subnet 172.100.102.0 netmask 255.255.255.0 { }
END"""
SLAPD = "mkdir -p /run/slapd; test -e /etc/ldap/slapd.d || true"
ADDRESS = "ip address add 172.100.102.120/24 dev eth0 2>/dev/null; ip route replace default via 172.100.102.1"

CASES = [
    case("ocf:heartbeat:Dummy", "fake=x"),
    case("ocf:pacemaker:Dummy", "fake=x"),
    case("ocf:heartbeat:Stateful", promotable=True),
    case("ocf:pacemaker:Stateful", promotable=True),
    case("ocf:heartbeat:Delay", "startdelay=1 stopdelay=1 mondelay=0"),
    case("ocf:heartbeat:anything", "binfile=/bin/sleep cmdline_options=3000 pidfile=/run/anything.pid"),
    case("ocf:heartbeat:Filesystem", "device=tmpfs directory=/srv/fs fstype=tmpfs", "mkdir -p /srv/fs", needs="kmod"),
    case("ocf-script:heartbeat:IPaddr2", "ip=172.100.102.110 cidr_netmask=24"),
    case("ocf:heartbeat:IPaddr", "ip=172.100.102.111 cidr_netmask=24"),
    case("ocf:heartbeat:IPsrcaddr", "ipaddress=172.100.102.120 cidr_netmask=24", ADDRESS, alone=True),
    case("ocf:heartbeat:Route", "destination=10.99.0.0/16 gateway=172.100.102.1 device=eth0"),
    case("ocf:heartbeat:SendArp", "ip=172.100.102.121 nic=eth0", "ip address add 172.100.102.121/24 dev eth0 2>/dev/null; true"),
    case("ocf:heartbeat:IPv6addr", "ipv6addr=fd72:100:102::77 cidr_netmask=64 nic=eth0"),
    case("ocf:heartbeat:ethmonitor", "interface=eth0"),
    case("ocf:heartbeat:iface-bridge", "bridge_name=brtest bridge_slaves=dum0", "ip link add dum0 type dummy 2>/dev/null; true", needs="bridge-utils"),
    case("ocf:heartbeat:iface-macvlan", "device=eth0 name=mv0 hwaddr=02:00:00:00:00:77"),
    case("ocf:heartbeat:portblock", "protocol=tcp portno=9999 action=block ip=172.100.102.151", needs="iptables"),
    case("ocf:heartbeat:symlink", "link=/run/the-link target=/run/the-target", "touch /run/the-target"),
    case("ocf:heartbeat:MailTo", "email=root", "printf '#!/bin/sh\\ncat >/dev/null\\n' >/usr/local/bin/mail; chmod 755 /usr/local/bin/mail", needs="mailutils, or another mail"),
    case("ocf:heartbeat:SysInfo"),
    case("ocf:pacemaker:SysInfo"),
    case("ocf:pacemaker:HealthCPU"),
    case("ocf:pacemaker:HealthIOWait"),
    case("ocf:pacemaker:attribute", "name=is_here active_value=1 inactive_value=0"),
    case("ocf:pacemaker:ping", "host_list=127.0.0.1 dampen=1 attempts=1 timeout=1"),
    case("ocf:pacemaker:ifspeed", "iface=eth0"),
    case("ocf:heartbeat:NodeUtilization"),
    case("ocf:heartbeat:storage-mon", "drives=/dev/null"),
    case("ocf:heartbeat:apache", "configfile=/run/apache.conf httpd=/usr/sbin/apache2 port=8081 statusurl=http://127.0.0.1:8081/server-status", APACHE, needs="apache2"),
    case("ocf:heartbeat:nginx", "configfile=/run/nginx.conf port=8082 status10url=http://127.0.0.1:8082/", NGINX, needs="nginx-light"),
    case("ocf:heartbeat:redis", "config=/run/redis.conf port=8084 user=root rundir=/run/redis-test pidfile_name=redis.pid socket_name=redis.sock", REDIS, promotable=True, needs="redis-server"),
    case("ocf:heartbeat:rsyncd", "conffile=/run/rsyncd.conf", RSYNCD, needs="rsync"),
    case("ocf:heartbeat:rsyslog", "configfile=/run/rsyslog.conf", "echo 'module(load=\"immark\")\n*.* /run/rsyslog.out' >/run/rsyslog.conf", needs="rsyslog"),
    case("ocf:heartbeat:vsftpd", "conffile=/run/vsftpd.conf", VSFTPD, needs="vsftpd"),
    case("ocf:heartbeat:named", "named=/usr/sbin/named named_config=/run/named.conf named_user=root named_pidfile=/run/named/named.pid monitor_request=www.test monitor_response=127.0.0.1 monitor_ip=127.0.0.1", NAMED, needs="bind9 bind9-host"),
    case("ocf:heartbeat:slapd", "slapd=/usr/sbin/slapd config=/run/slapd.conf pidfile=/run/slapd/slapd.pid services=ldap://127.0.0.1:8389 user=root group=root", SLAPD + "; printf 'pidfile /run/slapd/slapd.pid\\n' >/run/slapd.conf", needs="slapd ldap-utils"),
    case("ocf:heartbeat:postfix", prepare="mkdir -p /var/spool/postfix; postconf -e maillog_file=/var/log/postfix.log myhostname=test.example; newaliases; true", needs="postfix"),
    case("ocf:heartbeat:dovecot", needs="dovecot-core"),
    case("ocf:heartbeat:Squid", "squid_exe=/usr/sbin/squid squid_conf=/run/squid.conf squid_pidfile=/run/squid-test/squid.pid squid_port=8083 squid_stop_timeout=20", SQUID, needs="squid net-tools"),
    case("ocf:heartbeat:dhcpd", "config=/run/dhcpd.conf interface=eth0 chrooted=false user=root group=root", DHCPD, needs="isc-dhcp-server"),
    case("ocf:heartbeat:conntrackd", promotable=True, needs="conntrackd"),
    case("ocf:heartbeat:Xinetd", "service=echo", "mkdir -p /etc/xinetd.d; printf 'service echo\\n{\\n disable = yes\\n type = INTERNAL\\n id = echo\\n socket_type = stream\\n protocol = tcp\\n user = root\\n wait = no\\n}\\n' >/etc/xinetd.d/echo; pgrep -x xinetd || xinetd -stayalive -pidfile /run/xinetd.pid; true", needs="xinetd"),
]
