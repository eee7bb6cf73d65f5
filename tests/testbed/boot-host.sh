#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The boot of one host: runs as the first process of its namespaces, gives it its own name and its own files, says
# its pid, and stays. usage: boot-host.sh NAME DISK LAYERS SHARES
#   DISK    the folder which outlives a power-off; "-" leaves the files of the machine (for the client)
#   LAYERS  folders, colon-separated, laid over the machine's files (as "make install DESTDIR=..." leaves them)
#   SHARES  folders of the machine, colon-separated, which the host may write to
set -eu

name=$1 disk=$2 layers=$3 shares=$4
# The pid as the machine sees it, so before /proc is mounted anew.
read -r pid rest </proc/self/stat

# Overlay: what the machine has stays visible, what the host writes goes to its disk.
over() {
    [ -d "$1" ] && [ ! -L "$1" ] || return 0
    lower=
    IFS=:
    for layer in $layers; do
        [ -d "$layer$1" ] && lower=$lower$layer$1:
    done
    unset IFS
    mkdir -p "$disk/files$1" "$disk/work$1"
    mount -t overlay -o "lowerdir=$lower$1,upperdir=$disk/files$1,workdir=$disk/work$1" overlay "$1"
}

# A folder of which the host sees nothing but its own.
own() {
    mkdir -p "$disk/own$1" "$1"
    mount --bind "$disk/own$1" "$1"
}

# A folder which is in memory, and so is empty after each boot.
volatile() {
    mkdir -p "$1"
    mount -t tmpfs -o "mode=$2" tmpfs "$1"
}

mount_shares() {
    IFS=:
    for share in $shares; do
        case $share in
        /tmp/*)
            mkdir -p "$disk/tmp${share#/tmp}"
            mount --bind "$share" "$disk/tmp${share#/tmp}"
            ;;
        *) mount --bind "$share" "$share" ;;
        esac
    done
    unset IFS
}

mount_files() {
    # These are created in the disk first, so that they belong to the host's root also in a user namespace.
    for folder in etc/init.d etc/default var/lib var/tmp var/cache var/spool; do
        mkdir -p "$disk/files/$folder"
    done
    chmod 1777 "$disk/files/var/tmp"
    volatile "$disk/tmp" 1777
    mount_shares
    for folder in /etc /home /opt /srv /usr /var; do
        over "$folder"
    done
    for folder in /etc/halyard /var/lib/halyard /var/log /root; do
        own "$folder"
    done
    volatile /run 755
    mkdir -p /run/lock
    volatile /dev/shm 1777
    # The last, because the disk itself is below it.
    mount --rbind "$disk/tmp" /tmp
    mount -o remount,bind,ro /
}

hostname "$name"
if [ "$disk" != - ]; then
    mount_files
fi
mount -t proc proc /proc
mount -t sysfs sysfs /sys
# Not allowed in a user namespace; only agents which use eBPF need it.
mount -t bpf bpf /sys/fs/bpf 2>/dev/null || :

# The kernel reaps the orphans of a first process which ignores SIGCHLD; dash cannot.
echo "$pid"
exec env --ignore-signal=CHLD sleep infinity </dev/null >/dev/null 2>&1
