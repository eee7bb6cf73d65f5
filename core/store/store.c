/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The caller's side queues jobs; the writer's side, one thread, carries them out in order. A job is what goes under one
 * sync: writes that come while the disk is busy gather in the last job, which is the group commit.
 */
#include "store/store.h"

#include "consensus/config.h"
#include "store/format.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { JOB_LIMIT = 32 * 1024 * 1024 }; /* bytes under one sync */

struct snapshot_job {
    struct hy_store_snapshot_head head;
    struct hy_buf data;
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
    int file;
    uint32_t seed;
    uint64_t end;
    uint64_t snapshot_index;
};

/* --- the writer ----------------------------------------------------------------------------------------------- */

static _Noreturn void die(struct hy_store *store, const struct hy_err *err)
{
    hy_error(store->log, "%s; this node stops, it cannot keep its promises", err->text);
    fprintf(stderr, "halyard: %s; this node stops, it cannot keep its promises\n", err->text);
    abort();
}

static int write_items(struct hy_store *store, const struct hy_buf *items, struct hy_err *err)
{
    struct hy_buf frame = {0};
    hy_store_frame(store->seed, store->end, items, &frame);
    int rc = hy_store_write(&store->folder, HY_STORE_LOG, store->file, frame.data, frame.size, store->end, err);
    if (rc == 0)
        rc = hy_store_sync(&store->folder, HY_STORE_LOG, store->file, err);
    store->end += frame.size;
    hy_buf_free(&frame);
    return rc;
}

static uint64_t wall_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* A new log beside the old one, with what the old one comes to, less what the snapshot has. */
static int rewrite_log(struct hy_store *store, const struct snapshot_job *job, struct hy_err *err)
{
    struct hy_buf old = {0};
    struct hy_buf new = {0};
    struct hy_store_image image = {0};
    int file = -1;
    int rc = hy_store_read(&store->folder, HY_STORE_LOG, &old, err);
    if (rc == -ENOENT)
        rc = hy_store_fail(&store->folder, HY_STORE_LOG, "was removed while in use", 0, ENOENT, err);
    if (rc == 0)
        rc = hy_store_log_read(&store->folder, &old, &image, err);
    if (rc == 0 && image.end != store->end)
        rc = hy_store_fail(&store->folder, HY_STORE_LOG, "not what was written", image.end, EIO, err);
    if (rc == 0) {
        hy_store_image_prune(&image, job->head.index, job->head.term, job->first_kept);
        if (job->drop_log)
            image.entries.count = 0;
        hy_store_log_write(&store->folder, wall_clock(), &image, &new);
        rc = hy_store_replace(&store->folder, HY_STORE_LOG, &new, &file, err);
    }
    if (rc == 0) {
        close(store->file);
        store->file = file;
        store->seed = image.seed;
        store->end = image.end;
    }
    hy_vec_free(&image.entries);
    hy_buf_free(&old);
    hy_buf_free(&new);
    return rc;
}

/* The snapshot first, then the log: after a crash between them the log says more than it needs to, never less. */
static int write_snapshot(struct hy_store *store, const struct snapshot_job *job, struct hy_err *err)
{
    struct hy_buf file = {0};
    if (job->head.index <= store->snapshot_index)
        return 0; /* an older one than the leader's, which came meanwhile */
    hy_store_snapshot_write(&store->folder, &job->head, job->data.data, job->data.size, &file);
    int rc = hy_store_replace(&store->folder, HY_STORE_SNAPSHOT, &file, NULL, err);
    hy_buf_free(&file);
    if (rc == 0)
        rc = rewrite_log(store, job, err);
    store->snapshot_index = job->head.index;
    return rc;
}

static void free_job(struct job *job)
{
    hy_buf_free(&job->items);
    if (job->snapshot)
        hy_buf_free(&job->snapshot->data);
    free(job->snapshot);
}

static void run_job(struct hy_store *store, const struct job *job)
{
    struct hy_err err = {{0}};
    int rc = job->items.size ? write_items(store, &job->items, &err) : 0;
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

static void *writer(void *context)
{
    struct hy_store *store = context;
    pthread_mutex_lock(&store->mutex);
    for (;;) {
        while (!store->jobs.count && !store->closing)
            pthread_cond_wait(&store->work, &store->mutex);
        if (!store->jobs.count)
            break;
        struct job job = store->jobs.items[0];
        hy_vec_remove(&store->jobs, 0);
        pthread_mutex_unlock(&store->mutex);
        run_job(store, &job);
        pthread_mutex_lock(&store->mutex);
        if (job.number)
            store->completed = job.number;
        if (job.snapshot && job.snapshot->own)
            store->snapshot_done = job.snapshot->head.index;
        signal_event(store);
        free_job(&job);
    }
    pthread_mutex_unlock(&store->mutex);
    return NULL;
}

/* --- opening -------------------------------------------------------------------------------------------------- */

static int load_snapshot(const struct hy_store_folder *folder, struct hy_store_loaded *loaded, struct hy_err *err)
{
    struct hy_buf file = {0};
    struct hy_store_snapshot_head head;
    int rc = hy_store_read(folder, HY_STORE_SNAPSHOT, &file, err);
    if (rc == 0)
        rc = hy_store_snapshot_read(folder, &file, &head, &loaded->snapshot, err);
    hy_buf_free(&file);
    if (rc == 0) {
        loaded->raft.snapshot_index = head.index;
        loaded->raft.snapshot_term = head.term;
        loaded->raft.servers = head.servers;
    }
    return rc;
}

/* A snapshot from the leader may be on disk with the log still unchanged (a crash between the two). */
static int reconcile(const struct hy_store_folder *folder, struct hy_store_image *image, struct hy_store_loaded *loaded,
                     struct hy_err *err)
{
    struct hy_raft_state *raft = &loaded->raft;
    if (image->base > raft->snapshot_index)
        return hy_fail(err, EBADMSG,
                       "%s/%s: missing or too old, the log begins at entry %" PRIu64
                       ". Restore the disk, or empty the folder and add the node to the cluster anew",
                       folder->path, HY_STORE_SNAPSHOT, image->base);
    if (raft->snapshot_index)
        hy_store_image_prune(image, raft->snapshot_index, raft->snapshot_term, 0);
    else
        raft->servers = image->servers;
    raft->term = image->term;
    raft->vote = image->vote;
    if (raft->term < raft->snapshot_term) { /* nothing was said in that term yet: it would be in the log */
        raft->term = raft->snapshot_term;
        raft->vote = 0;
    }
    raft->entries = image->entries.items;
    raft->entry_count = image->entries.count;
    loaded->incarnation = image->incarnation;
    return 0;
}

static int cut_tail(struct hy_store *store, size_t size, struct hy_err *err)
{
    if (size == store->end)
        return 0;
    hy_warning(store->log, "%s/%s: %zu bytes at byte %" PRIu64 " were never completed, cut off", store->folder.path,
               HY_STORE_LOG, size - (size_t)store->end, store->end);
    if (ftruncate(store->file, (off_t)store->end) < 0)
        return hy_store_fail(&store->folder, HY_STORE_LOG, "cannot cut", store->end, errno, err);
    return hy_store_sync(&store->folder, HY_STORE_LOG, store->file, err);
}

static int create_log(struct hy_store *store, struct hy_err *err)
{
    struct hy_buf file = {0};
    store->seed = hy_store_log_begin(&store->folder, wall_clock(), &file);
    store->end = file.size;
    int rc = hy_store_replace(&store->folder, HY_STORE_LOG, &file, &store->file, err);
    hy_buf_free(&file);
    return rc;
}

static int open_log(struct hy_store *store, struct hy_store_loaded *loaded, struct hy_err *err)
{
    struct hy_store_image image;
    int rc = hy_store_log_read(&store->folder, &loaded->memory, &image, err);
    if (rc < 0)
        return rc;
    store->seed = image.seed;
    store->end = image.end;
    rc = reconcile(&store->folder, &image, loaded, err);
    if (rc < 0) {
        hy_vec_free(&image.entries);
        return rc;
    }
    store->file = openat(store->folder.dir, HY_STORE_LOG, O_RDWR | O_CLOEXEC);
    if (store->file < 0)
        return hy_store_fail(&store->folder, HY_STORE_LOG, "cannot open", 0, errno, err);
    return cut_tail(store, loaded->memory.size, err);
}

static int load(struct hy_store *store, struct hy_store_loaded *loaded, struct hy_err *err)
{
    int snapshot = load_snapshot(&store->folder, loaded, err);
    if (snapshot < 0 && snapshot != -ENOENT)
        return snapshot;
    store->snapshot_index = loaded->raft.snapshot_index;
    int rc = hy_store_read(&store->folder, HY_STORE_LOG, &loaded->memory, err);
    if (rc == 0)
        return open_log(store, loaded, err);
    if (rc != -ENOENT)
        return rc;
    if (snapshot == 0)
        return hy_fail(err, EBADMSG,
                       "%s: there is a snapshot and no log. Restore the disk, or empty the folder and add "
                       "the node to the cluster anew",
                       store->folder.path);
    loaded->fresh = true;
    return create_log(store, err);
}

static int take_incarnation(struct hy_store *store, struct hy_store_loaded *loaded, struct hy_err *err)
{
    struct hy_buf items = {0};
    uint64_t now = wall_clock();
    loaded->incarnation = loaded->incarnation + 1 > now ? loaded->incarnation + 1 : now;
    hy_store_item_incarnation(&items, loaded->incarnation);
    int rc = write_items(store, &items, err);
    hy_buf_free(&items);
    return rc;
}

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
    if (store->file >= 0)
        close(store->file);
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
    new->file = -1;
    pthread_mutex_init(&new->mutex, NULL);
    pthread_cond_init(&new->work, NULL);
    new->event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int rc = new->event < 0 ? hy_fail(err, errno, "cannot create an eventfd: %s", strerror(errno)) : 0;
    if (rc == 0)
        rc = hy_store_folder_open(&new->folder, folder, cluster, node, err);
    else
        new->folder.dir = new->folder.lock = -1;
    if (rc == 0)
        rc = load(new, loaded, err);
    if (rc == 0)
        rc = take_incarnation(new, loaded, err);
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
    free((void *)(uintptr_t)loaded->raft.entries);
    hy_buf_free(&loaded->snapshot);
    hy_buf_free(&loaded->memory);
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
    job->head = (struct hy_store_snapshot_head){.index = index, .term = term, .servers = *servers};
    hy_buf_add(&job->data, data, size);
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
    if (effect->save_vote)
        hy_store_item_state(&job->items, effect->term, effect->vote);
    if (effect->form)
        hy_store_item_servers(&job->items, effect->servers);
    if (snapshot) {
        job->snapshot = snapshot;
        if (effect->entry_count)
            job = open_job(store);
    } else if (effect->truncate) {
        hy_store_item_truncate(&job->items, effect->truncate_from);
    }
    for (size_t i = 0; i < effect->entry_count; i++)
        hy_store_item_entry(&job->items, &effect->entries[i]);
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
