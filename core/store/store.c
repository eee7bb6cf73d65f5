/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's side queues jobs; the writer's side, one thread, carries them out in order. A job is what goes under one
 * sync: writes that come while the disk is busy gather in the last job, which is the group commit.
 */
#include "store/store.h"

#include "store/load.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { JOB_LIMIT = 32 * 1024 * 1024 }; /* bytes under one sync */

struct snapshot_job {
    struct hy_journal_snapshot content;
    uint64_t first_kept;
    bool drop_log; /* it comes from the leader and the log does not lead there */
    bool own;      /* to be reported by hy_store_snapshot_done() */
};

struct job {
    struct hy_buf items; /* written first */
    struct snapshot_job *snapshot;
    uint64_t number; /* of the last PERSIST in it; 0: none */
};

struct hy_store {
    struct hy_store_folder folder;
    const struct hy_log *log;
    int event;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    /* under the mutex */
    HY_VEC(struct job) jobs;
    bool closing;
    uint64_t completed;
    uint64_t snapshot_done;
    /* the writer's own, once it runs */
    struct hy_store_log file;
    uint64_t disk;
    uint64_t snapshot_index;
    bool full; /* the log could not be made larger, and there was no need yet */
};

/* --- the writer ----------------------------------------------------------------------------------------------- */

static _Noreturn void die(struct hy_store *store, const struct hy_err *err)
{
    hy_error(store->log, "%s; this node stops, it cannot keep its promises", err->text);
    fprintf(stderr, "halyard: %s; this node stops, it cannot keep its promises\n", err->text);
    abort();
}

/* A new log beside the old one, with what the old one comes to, less what the snapshot has. */
static int shorten_log(struct hy_store *store, const struct snapshot_job *job, struct hy_err *err)
{
    struct hy_journal_image image;
    int rc = hy_store_log_read_back(&store->file, &image, err);
    if (rc == 0) {
        hy_journal_image_prune(&image, job->content.index, job->content.term, job->first_kept);
        if (job->drop_log)
            image.entries.count = 0;
        rc = hy_store_log_replace(&store->file, &image, err);
    }
    hy_journal_image_free(&image);
    return rc;
}

/* The snapshot first, then the log: after a crash between them the log says more than it needs to, never less. */
static int write_snapshot(struct hy_store *store, const struct snapshot_job *job, struct hy_err *err)
{
    struct hy_buf file = {0};
    uint64_t created;
    if (job->content.index <= store->snapshot_index)
        return 0; /* an older one than the leader's, which came meanwhile */
    int rc = hy_store_random(&created, err);
    if (rc == 0) {
        hy_journal_snapshot_write(&store->folder.owner, store->disk, created, &job->content, &file);
        rc = hy_store_replace(&store->folder, HY_STORE_SNAPSHOT, &file, NULL, err);
    }
    hy_buf_free(&file);
    if (rc == 0)
        rc = shorten_log(store, job, err);
    store->snapshot_index = job->content.index;
    return rc;
}

static void free_job(struct job *job)
{
    hy_buf_free(&job->items);
    if (job->snapshot)
        hy_buf_free(&job->snapshot->content.data);
    free(job->snapshot);
}

static void run_job(struct hy_store *store, const struct job *job)
{
    struct hy_err err = {{0}};
    int rc = job->items.size ? hy_store_log_append(&store->file, &job->items, &err) : 0;
    if (rc == 0 && job->snapshot)
        rc = write_snapshot(store, job->snapshot, &err);
    if (rc < 0)
        die(store, &err);
}

static void signal_event(const struct hy_store *store)
{
    uint64_t one = 1;
    while (write(store->event, &one, sizeof one) < 0 && errno == EINTR)
        ;
}

/* While nobody waits: so that few writes have to. A disk that is full is no harm as long as there is room. */
static void make_room(struct hy_store *store)
{
    struct hy_err err = {{0}};
    int rc = hy_store_log_grow(&store->file, 0, &err);
    if (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG) {
        hy_warning(store->log, "%s; the log has room for %zu more bytes, then this node stops", err.text,
                   (size_t)(store->file.tail.size - store->file.tail.end));
        store->full = true;
    } else if (rc < 0) {
        die(store, &err);
    }
}

/* Under the mutex. */
static struct job take_job(struct hy_store *store)
{
    struct job job = store->jobs.items[0];
    hy_vec_remove(&store->jobs, 0);
    return job;
}

static void complete(struct hy_store *store, struct job *job)
{
    pthread_mutex_lock(&store->mutex);
    if (job->number)
        store->completed = job->number;
    if (job->snapshot && job->snapshot->own)
        store->snapshot_done = job->snapshot->content.index;
    pthread_mutex_unlock(&store->mutex);
    signal_event(store); /* not under the mutex: who wakes up takes it at once */
    free_job(job);
}

static void *writer(void *context)
{
    struct hy_store *store = context;
    pthread_mutex_lock(&store->mutex);
    while (store->jobs.count || !store->closing) {
        bool idle = !store->jobs.count;
        if (idle && (store->full || !hy_store_log_is_short(&store->file))) {
            pthread_cond_wait(&store->work, &store->mutex);
            continue;
        }
        struct job job = idle ? (struct job){0} : take_job(store);
        pthread_mutex_unlock(&store->mutex);
        if (idle) {
            make_room(store);
        } else {
            run_job(store, &job);
            complete(store, &job);
        }
        pthread_mutex_lock(&store->mutex);
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* --- opening -------------------------------------------------------------------------------------------------- */

/* The core's signals are for its loop. */
static int start_writer(struct hy_store *store, struct hy_err *err)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&store->thread, NULL, writer, store);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc ? hy_fail(err, rc, "cannot start the thread that writes '%s': %s", store->folder.path, strerror(rc)) : 0;
}

static void free_store(struct hy_store *store)
{
    if (store->file.fd >= 0)
        close(store->file.fd);
    if (store->event >= 0)
        close(store->event);
    hy_store_folder_close(&store->folder);
    pthread_mutex_destroy(&store->mutex);
    pthread_cond_destroy(&store->work);
    hy_vec_free(&store->jobs);
    free(store);
}

int hy_store_open(const char *folder, const char *cluster, uint32_t node, const struct hy_log *log,
                  struct hy_store **store, struct hy_store_loaded *loaded, struct hy_err *err)
{
    struct hy_store *new = hy_alloc(sizeof *new);
    *store = NULL;
    *loaded = (struct hy_store_loaded){0};
    new->log = log;
    new->file = (struct hy_store_log){.folder = &new->folder, .fd = -1};
    pthread_mutex_init(&new->mutex, NULL);
    pthread_cond_init(&new->work, NULL);
    new->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int rc = new->event < 0 ? hy_fail(err, errno, "cannot create an eventfd: %s", strerror(errno)) : 0;
    if (rc == 0)
        rc = hy_store_folder_open(&new->folder, folder, cluster, node, err);
    else
        new->folder.dir = new->folder.lock = -1;
    if (rc == 0)
        rc = hy_store_load(&new->file, log, loaded, err);
    new->disk = loaded->disk;
    new->snapshot_index = loaded->raft.snapshot_index;
    if (rc == 0)
        rc = start_writer(new, err);
    if (rc < 0) {
        hy_store_loaded_free(loaded);
        free_store(new);
        return rc;
    }
    *store = new;
    return 0;
}

void hy_store_loaded_free(struct hy_store_loaded *loaded)
{
    hy_buf_free(&loaded->snapshot);
    hy_journal_image_free(&loaded->image);
    free(loaded->set_aside);
    *loaded = (struct hy_store_loaded){0};
}

/* --- the caller's side ---------------------------------------------------------------------------------------- */

/* The job that more items may still join, under the mutex. */
static struct job *open_job(struct hy_store *store)
{
    if (store->jobs.count) {
        struct job *last = &store->jobs.items[store->jobs.count - 1];
        if (!last->snapshot && last->items.size < JOB_LIMIT)
            return last;
    }
    hy_vec_push(&store->jobs, (struct job){0});
    return &store->jobs.items[store->jobs.count - 1];
}

static struct snapshot_job *copy_snapshot(uint64_t index, uint64_t term, const struct hy_raft_servers *servers,
                                          const void *data, size_t size)
{
    struct snapshot_job *job = hy_alloc(sizeof *job);
    job->content = (struct hy_journal_snapshot){.index = index, .term = term, .servers = *servers};
    hy_buf_add(&job->content.data, data, size);
    return job;
}

void hy_store_persist(struct hy_store *store, const struct hy_raft_effect *effect)
{
    struct snapshot_job *snapshot = NULL;
    if (effect->snapshot) {
        snapshot = copy_snapshot(effect->index, effect->snapshot_term, effect->servers, effect->data, effect->size);
        snapshot->drop_log = effect->truncate;
        snapshot->first_kept = effect->index + 1;
    }
    pthread_mutex_lock(&store->mutex);
    struct job *job = open_job(store);
    hy_journal_persist_first(&job->items, effect);
    if (snapshot) {
        job->snapshot = snapshot;
        if (effect->entry_count)
            job = open_job(store);
    }
    hy_journal_persist_rest(&job->items, effect);
    job->number = effect->number;
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->mutex);
}

void hy_store_snapshot(struct hy_store *store, uint64_t index, uint64_t term, const struct hy_raft_servers *servers,
                       const void *data, size_t size, uint64_t first_kept)
{
    struct snapshot_job *snapshot = copy_snapshot(index, term, servers, data, size);
    snapshot->first_kept = first_kept;
    snapshot->own = true;
    pthread_mutex_lock(&store->mutex);
    hy_vec_push(&store->jobs, ((struct job){.snapshot = snapshot})); /* holds up no write before it */
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->mutex);
}

void hy_store_begin_above(struct hy_store *store, uint64_t incarnation)
{
    pthread_mutex_lock(&store->mutex);
    hy_journal_persist_incarnation(&open_job(store)->items, incarnation);
    pthread_cond_signal(&store->work);
    pthread_mutex_unlock(&store->mutex);
}

int hy_store_fd(const struct hy_store *store)
{
    return store->event;
}

uint64_t hy_store_completed(struct hy_store *store)
{
    uint64_t count;
    while (read(store->event, &count, sizeof count) < 0 && errno == EINTR)
        ;
    pthread_mutex_lock(&store->mutex);
    uint64_t completed = store->completed;
    pthread_mutex_unlock(&store->mutex);
    return completed;
}

uint64_t hy_store_snapshot_done(struct hy_store *store)
{
    pthread_mutex_lock(&store->mutex);
    uint64_t index = store->snapshot_done;
    pthread_mutex_unlock(&store->mutex);
    return index;
}

void hy_store_close(struct hy_store **store)
{
    struct hy_store *old = *store;
    if (!old)
        return;
    pthread_mutex_lock(&old->mutex);
    old->closing = true;
    pthread_cond_signal(&old->work);
    pthread_mutex_unlock(&old->mutex);
    pthread_join(old->thread, NULL);
    free_store(old);
    *store = NULL;
}
