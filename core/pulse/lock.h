/* SPDX-License-Identifier: Apache-2.0 */
/* A lock that lends its holder the priority of whoever waits for it. None of these can fail as they are used here. */
#ifndef HY_PULSE_LOCK_H
#define HY_PULSE_LOCK_H

#include <assert.h>
#include <pthread.h>

static inline void hy_lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    int rc = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
    if (!rc)
        rc = pthread_mutex_init(lock, &attributes);
    assert(!rc);
    (void)rc;
    pthread_mutexattr_destroy(&attributes);
}

static inline void hy_lock(pthread_mutex_t *lock)
{
    int rc = pthread_mutex_lock(lock);
    assert(!rc);
    (void)rc;
}

static inline void hy_unlock(pthread_mutex_t *lock)
{
    int rc = pthread_mutex_unlock(lock);
    assert(!rc);
    (void)rc;
}

#endif
