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

// Fetches memory into the processor's caches while other work goes on, for a read or for a write that comes soon. Any place
// will do, also one that is nobody's.
static inline void csystem_fetch(const void *place) { __builtin_prefetch(place, 0); }
static inline void csystem_fetch_for_write(const void *place) { __builtin_prefetch(place, 1); }

// Where 32 bytes have a delimiter, a quote or a line end (bit 0 for the first byte), and where one that is not ASCII (from
// bit 32 on). Only where CSYSTEM_HAS_MARKS is 1; Swift has no operation that makes bits of a vector's comparison.
#if defined(__SSE2__)
#define CSYSTEM_HAS_MARKS 1
typedef char csystem_bytes __attribute__((vector_size(16)));

static inline unsigned csystem_marks_of_half(csystem_bytes half, csystem_bytes delimiter) {
  csystem_bytes none = {0};
  csystem_bytes marks = (half == delimiter) | (half == none + '"') | (half == none + '\n') | (half == none + '\r');
  return (unsigned)__builtin_ia32_pmovmskb128(marks);
}

static inline unsigned long long csystem_marks(const unsigned char *bytes, unsigned char delimiter) {
  csystem_bytes first, second, none = {0};
  __builtin_memcpy(&first, bytes, 16);
  __builtin_memcpy(&second, bytes + 16, 16);
  csystem_bytes wanted = none + (char)delimiter;
  unsigned marks = csystem_marks_of_half(first, wanted) | csystem_marks_of_half(second, wanted) << 16;
  unsigned others = (unsigned)__builtin_ia32_pmovmskb128(first | second);
  return marks | (unsigned long long)others << 32;
}
#else
#define CSYSTEM_HAS_MARKS 0

static inline unsigned long long csystem_marks(const unsigned char *bytes, unsigned char delimiter) {
  (void)bytes;
  (void)delimiter;
  return 0;
}
#endif

#endif
