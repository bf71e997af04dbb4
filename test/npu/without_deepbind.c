// LiteRT loads compiler plugins with RTLD_DEEPBIND, which AddressSanitizer does not allow: it could
// not be called in malloc's place. Preloaded, this takes the flag away.
#define _GNU_SOURCE
#include <dlfcn.h>

void *dlopen(const char *name, int flags) {
  void *(*next)(const char *, int) = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
  return next(name, flags & ~RTLD_DEEPBIND);
}
