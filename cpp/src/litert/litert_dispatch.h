// LiteRT's dispatch library: what drives an NPU for it, and comes from the NPU's vendor.

#ifndef SOTTO_SRC_LITERT_LITERT_DISPATCH_H_
#define SOTTO_SRC_LITERT_LITERT_DISPATCH_H_

#include <string>

#include "sotto/error.h"

namespace sotto {

class DispatchLibrary {
 public:
  // The library in `folder` or below it, which is where LiteRT looks. `folder` empty: that of
  // $SOTTO_DISPATCH, and on Android this library's own. kDevice, with what to do, if there is
  // none or there are several, or it can't be loaded or is not one.
  static Result<DispatchLibrary> Open(const std::string& folder);

  const std::string& folder() const { return folder_; }
  const std::string& path() const { return path_; }

  // Whether it is Sotto's for machines without an NPU, which runs what neuron_host recorded.
  bool is_host() const { return fault_ != nullptr; }

  // Why this thread's last call of it failed, which LiteRT does not pass on; empty if it does not
  // say.
  std::string Fault() const;

 private:
  std::string folder_;
  std::string path_;
  const char* (*fault_)() = nullptr;
};

}  // namespace sotto

#endif  // SOTTO_SRC_LITERT_LITERT_DISPATCH_H_
