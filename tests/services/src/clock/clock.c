/* A wall clock that is wrong by as much as a file says: loaded in front of the C library.
 *
 * CLOCK_UNDER_TEST  eight bytes: by how many nanoseconds the wall clock is wrong; may change at any time
 *
 * The monotonic clock is right, as it is on a machine whose wall clock is set.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *wrong_by;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CLOCK_UNDER_TEST");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *there = mmap(NULL, sizeof *wrong_by, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    if (there != MAP_FAILED) wrong_by = there;
}

static int is_wall(clockid_t which) { return which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t which, struct timespec *time) {
    static int (*really)(clockid_t, struct timespec *);
    if (!really) really = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = really(which, time);
    if (done != 0 || !wrong_by || !is_wall(which)) return done;
    int64_t by = *wrong_by;
    int64_t nanoseconds = time->tv_nsec + by % 1000000000;
    time->tv_sec += by / 1000000000;
    if (nanoseconds >= 1000000000) {
        nanoseconds -= 1000000000;
        time->tv_sec++;
    } else if (nanoseconds < 0) {
        nanoseconds += 1000000000;
        time->tv_sec--;
    }
    time->tv_nsec = nanoseconds;
    return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    (void)zone;
    struct timespec now;
    int done = clock_gettime(CLOCK_REALTIME, &now);
    if (done == 0) *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return done;
}

time_t time(time_t *there) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (there) *there = now.tv_sec;
    return now.tv_sec;
}
