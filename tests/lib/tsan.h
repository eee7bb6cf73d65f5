/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For programs with ZeroMQ sockets. The system's libzmq is not built for ThreadSanitizer, which therefore sees none
 * of the atomic operations with which its threads hand memory over, and calls each a race. Left out is only what
 * libzmq itself, or libsodium or the C++ library for it, calls.
 */
#ifndef TESTS_LIB_TSAN_H
#define TESTS_LIB_TSAN_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TESTS_UNDER_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define TESTS_UNDER_TSAN 1
#endif

#ifdef TESTS_UNDER_TSAN
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libzmq.so\ncalled_from_lib:libsodium.so\ncalled_from_lib:libstdc++.so\n";
}
#endif

#endif
