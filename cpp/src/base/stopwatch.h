// Wall time since construction.

#ifndef SOTTO_SRC_BASE_STOPWATCH_H_
#define SOTTO_SRC_BASE_STOPWATCH_H_

#include <chrono>

namespace sotto {

class Stopwatch {
 public:
  double Milliseconds() const {
    return std::chrono::duration<double, std::milli>(Clock::now() - start_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point start_ = Clock::now();
};

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_STOPWATCH_H_
