// A library that has LiteRT's functions by name, and ends the process when one is called.

#include <cstdlib>

#include "litert/litert_api.h"

#define SOTTO_DEFINE(name, result, arguments) \
  extern "C" void name() { std::abort(); }
SOTTO_LITERT_FUNCTIONS(SOTTO_DEFINE)

#ifdef SOTTO_STAND_IN_FROM_FD  // there from 2.1.6 on
SOTTO_DEFINE(LiteRtCreateModelFromFd, , )
#endif
