// What the C library has and Swift does not import. Includes none of its headers with types,
// which would then be this module's too.
#ifndef CSYSTEM_SHIM_H
#define CSYSTEM_SHIM_H

#include <stddef.h>
#if defined(__linux__)
#include <features.h>
#endif

#if defined(__linux__) && defined(__GLIBC__) && defined(__LP64__)
#define CSYSTEM_IS_KNOWN 1
struct iovec;
extern long preadv2(int descriptor, const struct iovec *parts, int count, long offset, int flags);
extern int fallocate(int descriptor, int mode, long offset, long count);
#endif

// Reads from where the file stands and leaves no more of the file in the system's memory than there was before: -1 where
// it fails, -2 where there is no such read. Linux has it from 6.14 on, for some file systems.
static inline long csystem_passing_read(int descriptor, void *bytes, size_t count) {
#ifdef CSYSTEM_IS_KNOWN
  struct {
    void *bytes;
    size_t count;
  } part = {bytes, count};
  return preadv2(descriptor, (const struct iovec *)&part, 1, -1, 0x80 /* RWF_DONTCACHE */);
#else
  return -2;
#endif
}

// Gives back the room of bytes in the middle of a file, which read as zeros from then on, and the memory in which the
// system keeps them. Does nothing where the system or the file system cannot.
static inline void csystem_release(int descriptor, long offset, long count) {
#ifdef CSYSTEM_IS_KNOWN
  (void)fallocate(descriptor, 0x03 /* FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE */, offset, count);
#endif
}

#endif
