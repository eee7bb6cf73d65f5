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
