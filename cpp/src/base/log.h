// Where the runtime's messages go: nowhere, unless the host program asks for them.

#ifndef SOTTO_SRC_BASE_LOG_H_
#define SOTTO_SRC_BASE_LOG_H_

#include <functional>
#include <string>

namespace sotto {

enum class LogLevel {
  kWarning = 1,  // something is not as it was asked for
  kInfo = 2,     // what a maintainer wants to know
};

using LogSink = std::function<void(LogLevel, const std::string& message)>;

// The whole process's; empty: none. When it returns, the sink before it is not running any more. A
// sink is called by several threads at once, and must not call this.
void SetLogSink(LogSink sink);

void Log(LogLevel level, const std::string& message);

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_LOG_H_
