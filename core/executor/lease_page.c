/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the lease's deadline is written. Best in a BPF map that can be mapped into memory (Linux 5.5): then one store of
 * the core's is a renewal for the programs of the kernel too, see halyard/agent.h, lease_map(). Else plain shared memory.
 */
#include "executor/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Agents, and programs in the kernel, read what the core writes here. */
_Static_assert(sizeof(struct hy_lease_page) == sizeof(struct halyard_lease) &&
                   offsetof(struct hy_lease_page, deadline) == offsetof(struct halyard_lease, deadline) &&
                   offsetof(struct hy_lease_page, since) == offsetof(struct halyard_lease, since),
               "the lease page is what halyard/agent.h says");
_Static_assert(HY_NEVER == INT64_MAX, "what halyard/agent.h calls \"none is required\"");

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Without BPF_F_RDONLY_PROG: the kernel lets nobody write by memory to a map that has it. */
static int make_map(void)
{
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.map_type = BPF_MAP_TYPE_ARRAY;
    attr.key_size = sizeof(uint32_t);
    attr.value_size = sizeof(struct hy_lease_page);
    attr.max_entries = 1;
    attr.map_flags = BPF_F_MMAPABLE;
    memcpy(attr.map_name, "halyard_lease", sizeof "halyard_lease");
    long fd = syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof attr);
    return fd < 0 ? -errno : (int)fd;
}

static int make_memory(void)
{
    int fd = memfd_create("halyard-lease", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)page_size()) == 0 &&
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0)
        return fd;
    int rc = -errno;
    close(fd);
    return rc;
}

static int map_page(struct hy_lease *lease, int fd)
{
    void *page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        int rc = -errno;
        close(fd);
        return rc;
    }
    lease->page = page;
    lease->page_fd = fd;
    lease->page->version = HY_LEASE_PAGE_VERSION;
    lease->page->magic = HY_LEASE_PAGE_MAGIC;
    return 0;
}

int hy_lease_make_page(struct hy_lease *lease, bool map, struct hy_err *err)
{
    int fd = map ? make_map() : -EOPNOTSUPP;
    lease->no_map = fd < 0 ? fd : map_page(lease, fd);
    if (lease->no_map == 0)
        return 0;
    fd = make_memory();
    int rc = fd < 0 ? fd : map_page(lease, fd);
    return rc ? hy_fail(err, -rc, "lease page: %s", strerror(-rc)) : 0;
}

void hy_lease_close(struct hy_lease *lease)
{
    if (!lease->page)
        return;
    munmap(lease->page, page_size());
    close(lease->page_fd);
    lease->page = NULL;
}
