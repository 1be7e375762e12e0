/* Flushes that take longer, and nothing else: loaded in front of the C library.
 *
 * SLOW_FLUSH_MICROSECONDS  each flush takes so much longer
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static useconds_t slow;

__attribute__((constructor)) static void begin(void) {
    const char *microseconds = getenv("SLOW_FLUSH_MICROSECONDS");
    if (microseconds) slow = (useconds_t)atoi(microseconds);
}

#define FLUSH(name)                                                       \
    int name(int file) {                                                  \
        static int (*really)(int);                                        \
        if (!really) really = (int (*)(int))dlsym(RTLD_NEXT, #name);      \
        usleep(slow);                                                     \
        return really(file);                                              \
    }
FLUSH(fsync)
FLUSH(fdatasync)
