// Counts what memcpy and memmove move in large pieces: loaded into a process by LD_PRELOAD.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

enum { kLarge = 16384 };  // bytes; a position of a cache is far smaller, a head of one larger

typedef void* (*Copy)(void*, const void*, size_t);

static atomic_llong bytes;

static void* CountAndCopy(const char* name, Copy* next, void* to, const void* from, size_t size) {
  if (size >= kLarge) atomic_fetch_add(&bytes, (long long)size);
  if (*next == NULL) *next = (Copy)dlsym(RTLD_NEXT, name);
  return (*next)(to, from, size);
}

void* memcpy(void* to, const void* from, size_t size) {
  static Copy next;
  return CountAndCopy("memcpy", &next, to, from, size);
}

void* memmove(void* to, const void* from, size_t size) {
  static Copy next;
  return CountAndCopy("memmove", &next, to, from, size);
}

__attribute__((destructor)) static void Report(void) {
  fprintf(stderr, "copied-bytes %lld\n", (long long)bytes);
}
