// LiteRT compiles without announcing it.

#ifndef SOTTO_SRC_LITERT_QUIET_COMPILE_H_
#define SOTTO_SRC_LITERT_QUIET_COMPILE_H_

namespace sotto {

// While it is there, what LiteRT prints of its first CPU delegate on this thread is left out.
//
// The line goes to C's `stderr` past every log level of LiteRT's interface (docs/development.md).
// The GNU C Library lets a program assign that variable: here it is a stream that passes all on to
// the one before, but for that line from a thread with such an object. No descriptor changes, and
// what others print meanwhile appears as ever. Elsewhere the line is printed.
class QuietCompile {
 public:
  QuietCompile();
  ~QuietCompile();
  QuietCompile(const QuietCompile&) = delete;
  QuietCompile& operator=(const QuietCompile&) = delete;
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_QUIET_COMPILE_H_
