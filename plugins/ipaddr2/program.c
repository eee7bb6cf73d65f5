/* SPDX-License-Identifier: Apache-2.0 */
#include "program.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef HAVE_GUARD
static const unsigned char code[] = {
#include "guard.bpf.inc"
};

#define INSTRUCTIONS (sizeof code / sizeof(struct bpf_insn))
_Static_assert(INSTRUCTIONS > 1 && sizeof code % sizeof(struct bpf_insn) == 0, "guard.bpf.c has been compiled");

static long bpf(int command, union bpf_attr *attr)
{
    return syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* Loading a constant of 64 bits takes two instructions' room. The source register says what the constant is. */
static void put(struct bpf_insn *at, unsigned what, uint64_t value)
{
    at[0] = (struct bpf_insn){
        .code = at[0].code, .dst_reg = at[0].dst_reg, .src_reg = what & 0xfu, .imm = (int32_t)(uint32_t)value};
    at[1].imm = (int32_t)(uint32_t)(value >> 32);
}

static uint64_t constant_at(const struct bpf_insn *at)
{
    return (uint32_t)at[0].imm | (uint64_t)(uint32_t)at[1].imm << 32;
}

static void fill_in(struct bpf_insn *program, const struct hy_ip_addr *addr, int lease_map, uint64_t rules)
{
    uint64_t parts[2] = {0};
    uint32_t v4;
    memcpy(&v4, addr->bytes, sizeof v4);
    memcpy(parts, addr->bytes, sizeof parts);
    if (!(rules & HY_IP_RULE_V6))
        parts[0] = v4;
    for (size_t i = 0; i + 1 < INSTRUCTIONS; i++) {
        if (program[i].code != (BPF_LD | BPF_IMM | BPF_DW))
            continue;
        switch (constant_at(&program[i])) {
        case HY_IP_PLACE_LEASE:
            put(&program[i], BPF_PSEUDO_MAP_VALUE, (uint32_t)lease_map);
            break;
        case HY_IP_PLACE_HIGH:
            put(&program[i], 0, parts[0]);
            break;
        case HY_IP_PLACE_LOW:
            put(&program[i], 0, parts[1]);
            break;
        case HY_IP_PLACE_RULES:
            put(&program[i], 0, rules);
            break;
        default: /* one of its own */
            break;
        }
        i++;
    }
}

int hy_ip_program_load(const struct hy_ip_addr *addr, int lease_map, uint32_t since, uint64_t rules)
{
    static const char licence[] = "Apache-2.0";
    struct bpf_insn program[INSTRUCTIONS];
    if (addr->family == AF_INET6)
        rules |= HY_IP_RULE_V6;
    memcpy(program, code, sizeof program);
    fill_in(program, addr, lease_map, rules | since);
    /* Below Linux 5.11 programs count as locked memory. Where it cannot be raised, the kernel will say so. */
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    (void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns = (uintptr_t)program;
    attr.insn_cnt = INSTRUCTIONS;
    attr.license = (uintptr_t)licence;
    memcpy(attr.prog_name, "halyard_guard", sizeof "halyard_guard");
    long fd = bpf(BPF_PROG_LOAD, &attr);
    return fd < 0 ? -errno : (int)fd;
}

int64_t hy_ip_map_id(int map)
{
    struct bpf_map_info info = {0};
    union bpf_attr attr;
    memset(&attr, 0, sizeof attr);
    attr.info.bpf_fd = (uint32_t)map;
    attr.info.info_len = sizeof info;
    attr.info.info = (uintptr_t)&info;
    if (bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0)
        return -errno;
    return info.id;
}
#else
int hy_ip_program_load(const struct hy_ip_addr *addr, int lease_map, uint32_t since, uint64_t rules)
{
    (void)addr, (void)lease_map, (void)since, (void)rules;
    return -ENOPKG;
}

int64_t hy_ip_map_id(int map)
{
    (void)map;
    return -ENOPKG;
}
#endif
