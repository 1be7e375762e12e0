/* A disk that forgets what was not flushed, that fills up, fails and is slow: loaded in front of the C library.
 *
 * Every change to a file below DISK_UNDER_TEST_FOLDER is done as usual and written to the log DISK_UNDER_TEST_LOG as well, in
 * order, together with every flush. After the process was killed, whoever reads the log can tell what a disk with a
 * volatile cache would still have: disk.rs does.
 *
 * DISK_UNDER_TEST_FLUSH_MICROSECONDS  each flush takes so much longer
 * <log>.full                      while this file exists, a file grows up to the end of its last block and no further:
 *                                 what does not fit is cut in the middle, as disks do it
 * <log>.broken                    while this file exists, flushes fail
 * <log>.hanging                   while this file exists, flushes do not come back
 * <log>.slow                      while this file exists, each flush takes 100 ms longer
 *
 * Not covered, since nothing under test does it: mapped writes (SQLite's -shm, which is rebuilt), copy_file_range,
 * splice, io_uring. Names are durable at once.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char folder[PATH_MAX];
static size_t folder_length;
static char full[PATH_MAX], broken[PATH_MAX], hanging[PATH_MAX], slowed[PATH_MAX];
static int log_file = -1;
static useconds_t slow;

#define REAL(name) __typeof__(&name) real_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("DISK_UNDER_TEST_FOLDER"), *log = getenv("DISK_UNDER_TEST_LOG");
    const char *microseconds = getenv("DISK_UNDER_TEST_FLUSH_MICROSECONDS");
    if (!where || !log || !realpath(where, folder)) return;
    folder_length = strlen(folder);
    snprintf(full, sizeof full, "%s.full", log);
    snprintf(broken, sizeof broken, "%s.broken", log);
    snprintf(hanging, sizeof hanging, "%s.hanging", log);
    snprintf(slowed, sizeof slowed, "%s.slow", log);
    if (microseconds) slow = (useconds_t)atoi(microseconds);
    REAL(open);
    log_file = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int is_below(const char *path) {
    return log_file >= 0 && strncmp(path, folder, folder_length) == 0 && path[folder_length] == '/';
}

/* The path of an open file, if it is one of the watched. */
static int path_of(int file, char *path) {
    if (log_file < 0 || file == log_file) return 0;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_below(path);
}

/* One record, by one write: W(rite), T(runcate), S(ync), R(ename). */
static void record(char what, const char *path, uint64_t at, const void *data, uint64_t length) {
    REAL(writev);
    uint32_t path_length = (uint32_t)strlen(path);
    char head[21];
    head[0] = what;
    memcpy(head + 1, &path_length, 4);
    memcpy(head + 5, &at, 8);
    memcpy(head + 13, &length, 8);
    struct iovec parts[3] = {
        {head, sizeof head}, {(void *)path, path_length}, {(void *)data, data ? (size_t)length : 0}};
    if (real_writev(log_file, parts, 3) < 0) abort();
}

#define BLOCK 4096

/* How much of a write there is room for; -1 if there is none. */
static ssize_t room(int file, off_t at, size_t length) {
    struct stat now;
    off_t end = at + (off_t)length;
    if (access(full, F_OK) != 0 || fstat(file, &now) != 0 || end <= now.st_size) return (ssize_t)length;
    off_t last = (now.st_size + BLOCK - 1) / BLOCK * BLOCK;
    if (end <= last) return (ssize_t)length;
    if (at < last) return (ssize_t)(last - at);
    errno = ENOSPC;
    return -1;
}

static ssize_t write_at(int file, const void *data, size_t length, off_t at) {
    REAL(pwrite);
    char path[PATH_MAX];
    if (!path_of(file, path)) return real_pwrite(file, data, length, at);
    pthread_mutex_lock(&turn);
    ssize_t done = room(file, at, length);
    if (done > 0) done = real_pwrite(file, data, (size_t)done, at);
    int error = errno;
    if (done > 0) record('W', path, (uint64_t)at, data, (uint64_t)done);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t at) { return write_at(file, data, length, at); }
ssize_t pwrite64(int file, const void *data, size_t length, off64_t at) { return write_at(file, data, length, at); }

ssize_t write(int file, const void *data, size_t length) {
    REAL(write);
    char path[PATH_MAX];
    if (!path_of(file, path)) return real_write(file, data, length);
    pthread_mutex_lock(&turn);
    struct stat now;
    off_t at = fcntl(file, F_GETFL) & O_APPEND && fstat(file, &now) == 0 ? now.st_size : lseek(file, 0, SEEK_CUR);
    ssize_t done = room(file, at, length);
    if (done > 0) done = real_write(file, data, (size_t)done);
    int error = errno;
    if (done > 0) record('W', path, (uint64_t)at, data, (uint64_t)done);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

ssize_t writev(int file, const struct iovec *parts, int count) {
    REAL(writev);
    char path[PATH_MAX];
    if (!path_of(file, path)) return real_writev(file, parts, count);
    ssize_t all = 0;
    for (int part = 0; part < count; part++) {
        ssize_t done = write(file, parts[part].iov_base, parts[part].iov_len);
        if (done < 0) return all > 0 ? all : -1;
        all += done;
        if ((size_t)done < parts[part].iov_len) break;
    }
    return all;
}

static int cut(int file, off_t length) {
    REAL(ftruncate);
    char path[PATH_MAX];
    if (!path_of(file, path)) return real_ftruncate(file, length);
    pthread_mutex_lock(&turn);
    int done = room(file, 0, (size_t)length) < length ? -1 : real_ftruncate(file, length);
    int error = errno;
    if (done == 0) record('T', path, (uint64_t)length, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int ftruncate(int file, off_t length) { return cut(file, length); }
int ftruncate64(int file, off64_t length) { return cut(file, length); }

static int flush(int file, int (*really)(int)) {
    char path[PATH_MAX];
    if (!path_of(file, path)) return really(file);
    if (access(broken, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    if (slow) usleep(slow);
    if (access(slowed, F_OK) == 0) usleep(100000);
    while (access(hanging, F_OK) == 0) usleep(10000);
    pthread_mutex_lock(&turn);
    int done = really(file);
    int error = errno;
    if (done == 0) record('S', path, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int fsync(int file) {
    REAL(fsync);
    return flush(file, real_fsync);
}

int fdatasync(int file) {
    REAL(fdatasync);
    return flush(file, real_fdatasync);
}

int rename(const char *from, const char *to) {
    REAL(rename);
    char path[PATH_MAX], target[PATH_MAX];
    pthread_mutex_lock(&turn);
    int known = realpath(from, path) && is_below(path);
    int done = real_rename(from, to);
    int error = errno;
    if (done == 0 && known && realpath(to, target)) record('R', path, 0, target, strlen(target));
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

int unlink(const char *name) {
    REAL(unlink);
    char path[PATH_MAX];
    pthread_mutex_lock(&turn);
    int known = realpath(name, path) && is_below(path);
    int done = real_unlink(name);
    int error = errno;
    if (done == 0 && known) record('U', path, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

/* Opening with O_TRUNC empties a file without a word. */
static void opened(int file, int flags) {
    char path[PATH_MAX];
    int error = errno;
    if (file >= 0 && flags & O_TRUNC && path_of(file, path)) {
        pthread_mutex_lock(&turn);
        record('T', path, 0, NULL, 0);
        pthread_mutex_unlock(&turn);
    }
    errno = error;
}

#define OPEN(name)                                     \
    int name(const char *path, int flags, ...) {       \
        REAL(name);                                    \
        va_list more;                                  \
        va_start(more, flags);                         \
        int file = real_##name(path, flags, va_arg(more, mode_t)); \
        va_end(more);                                  \
        opened(file, flags);                           \
        return file;                                   \
    }
OPEN(open)
OPEN(open64)
