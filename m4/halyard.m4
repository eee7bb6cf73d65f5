# SPDX-License-Identifier: Apache-2.0

# The warnings that all of the code is clean of, with gcc and clang. --enable-werror makes them errors.
AC_DEFUN([HY_WARNINGS], [
  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat warnings as errors])], [], [enable_werror=no])
  HY_WARN_CFLAGS="-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2"
  AS_IF([test "x$enable_werror" = xyes], [HY_WARN_CFLAGS="$HY_WARN_CFLAGS -Werror"])
  AC_SUBST([HY_WARN_CFLAGS])
])

# --enable-sanitizers=address,undefined (or thread)
AC_DEFUN([HY_SANITIZERS], [
  AC_ARG_ENABLE([sanitizers],
    [AS_HELP_STRING([--enable-sanitizers=LIST], [build with -fsanitize=LIST: "address,undefined" or "thread"])],
    [], [enable_sanitizers=no])
  HY_SAN_FLAGS=
  AS_CASE([$enable_sanitizers],
    [no], [],
    [yes], [HY_SAN_FLAGS="-fsanitize=address,undefined"],
    [HY_SAN_FLAGS="-fsanitize=$enable_sanitizers"])
  AS_IF([test -n "$HY_SAN_FLAGS"], [
    HY_SAN_FLAGS="$HY_SAN_FLAGS -fno-sanitize-recover=all -fno-omit-frame-pointer"
    hy_saved_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS $HY_SAN_FLAGS"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])], [], [AC_MSG_ERROR([the compiler cannot build with $HY_SAN_FLAGS])])
    CFLAGS=$hy_saved_CFLAGS
  ])
  AC_SUBST([HY_SAN_FLAGS])
  AC_SUBST([HY_SANITIZERS], [$enable_sanitizers])
])

# --enable-coverage: gcov counters; `make coverage` writes the report.
AC_DEFUN([HY_COVERAGE], [
  AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [build with gcov counters])], [], [enable_coverage=no])
  HY_COV_FLAGS=
  AS_IF([test "x$enable_coverage" = xyes], [HY_COV_FLAGS="--coverage -O0"])
  AC_SUBST([HY_COV_FLAGS])
  AM_CONDITIONAL([COVERAGE], [test "x$enable_coverage" = xyes])
])

# The address's guard in the kernel is compiled by clang for BPF, from its own source as a trial. Without one, and without
# --enable-guard, the agent is built without it.
AC_DEFUN([HY_GUARD], [
  AC_ARG_ENABLE([guard], [AS_HELP_STRING([--enable-guard], [the eBPF guard of IPaddr2: yes, no, or auto (default)])],
    [], [enable_guard=auto])
  AC_ARG_VAR([BPF_CLANG], [clang, to compile for BPF])
  AC_CHECK_TOOL([OBJCOPY], [objcopy])
  AC_CHECK_PROGS([BPF_CLANG], [clang clang-21 clang-20 clang-19 clang-18 clang-17 clang-16 clang-15 clang-14])
  hy_guard=no
  BPF_FLAGS=
  AS_IF([test "x$enable_guard" != xno], [
    hy_machine=`uname -m`
    # Debian's have a part for each machine, where clang does not look for what is for none.
    AC_C_BIGENDIAN([BPF_FORMAT=elf64-big], [BPF_FORMAT=elf64-little])
    AC_MSG_CHECKING([for clang and the kernel's headers, to compile for BPF])
    for hy_folder in "" "-idirafter /usr/include/`$CC -print-multiarch 2>/dev/null`" \
        "-idirafter /usr/include/$hy_machine-linux-gnu"; do
      BPF_FLAGS="-target bpf -std=gnu11 -O2 -ffreestanding -Wall -Wextra $hy_folder"
      AS_IF([test $hy_guard = no && test -n "$BPF_CLANG" && test -n "$OBJCOPY" &&
          $BPF_CLANG $BPF_FLAGS -I"$srcdir/include" -c "$srcdir/plugins/ipaddr2/guard.bpf.c" -o conftest.bpf.o \
            >conftest.bpf.err 2>&1 && $OBJCOPY -I $BPF_FORMAT -O binary --only-section=classifier conftest.bpf.o conftest.bpf.bin \
            >>conftest.bpf.err 2>&1 && test -s conftest.bpf.bin], [
        hy_guard=yes
        break
      ])
    done
    AC_MSG_RESULT([$hy_guard])
    AS_IF([test $hy_guard = no], [
      AS_IF([test -f conftest.bpf.err], [cat conftest.bpf.err >&AS_MESSAGE_LOG_FD])
      AS_IF([test "x$enable_guard" = xyes], [AC_MSG_ERROR([--enable-guard: clang, objcopy and the kernel's headers are needed])])
      AC_MSG_WARN([IPaddr2 is built without its eBPF guard: clang, objcopy and the kernel's headers (linux-libc-dev) are needed])
    ])
    rm -f conftest.bpf.o conftest.bpf.bin conftest.bpf.err
  ])
  AC_SUBST([BPF_FLAGS])
  AC_SUBST([BPF_FORMAT])
  AM_CONDITIONAL([GUARD], [test $hy_guard = yes])
])
