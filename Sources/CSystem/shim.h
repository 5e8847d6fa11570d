// What the C library has and Swift does not import.
#ifndef CSYSTEM_SHIM_H
#define CSYSTEM_SHIM_H

#include <errno.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

#if defined(__linux__) && defined(__GLIBC__)
// The library declares them for programs that define _GNU_SOURCE alone.
extern ssize_t preadv2(int descriptor, const struct iovec *parts, int count, off_t offset, int flags);
extern int fallocate(int descriptor, int mode, off_t offset, off_t count);
#endif

// Reads from where the file stands and leaves no more of the file in the system's memory than there was before. Fails
// where the system (Linux before 6.14) or the file system has no such read.
static inline ssize_t csystem_passing_read(int descriptor, void *bytes, size_t count) {
#if defined(__linux__) && defined(__GLIBC__)
  struct iovec part = {bytes, count};
  return preadv2(descriptor, &part, 1, -1, 0x80 /* RWF_DONTCACHE */);
#else
  errno = ENOSYS;
  return -1;
#endif
}

// Gives back the room of bytes in the middle of a file, which read as zeros from then on, and the memory in which the
// system keeps them. Does nothing where the system or the file system cannot.
static inline void csystem_release(int descriptor, off_t offset, off_t count) {
#if defined(__linux__) && defined(__GLIBC__)
  (void)fallocate(descriptor, 0x03 /* FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE */, offset, count);
#endif
}

#endif
