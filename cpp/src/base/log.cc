#include "base/log.h"

#include <mutex>
#include <shared_mutex>
#include <utility>

namespace sotto {
namespace {

struct Sink {
  std::shared_mutex mutex;
  LogSink call;
};

// It is never destroyed, so that threads may log while the process ends.
Sink& TheSink() {
  static auto* sink = new Sink;
  return *sink;
}

}  // namespace

void SetLogSink(LogSink sink) {
  const std::unique_lock<std::shared_mutex> alone(TheSink().mutex);
  TheSink().call = std::move(sink);
}

void Log(LogLevel level, const std::string& message) {
  const std::shared_lock<std::shared_mutex> shared(TheSink().mutex);
  if (TheSink().call) TheSink().call(level, message);
}

}  // namespace sotto
