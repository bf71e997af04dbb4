// One call at a time, without a wait: a second one is told so.

#ifndef SOTTO_SRC_BASE_ONE_CALL_H_
#define SOTTO_SRC_BASE_ONE_CALL_H_

#include <atomic>

namespace sotto {

// A call that lasts as long as this does. A lock would be waited for: by a callback that calls what
// is calling it for ever, and by another thread for as long as a whole recording takes.
class OneCall {
 public:
  explicit OneCall(std::atomic<bool>* at_work)
      : at_work_(at_work), is_only_(!at_work->exchange(true, std::memory_order_acquire)) {}
  ~OneCall() {
    if (is_only_) at_work_->store(false, std::memory_order_release);
  }
  OneCall(const OneCall&) = delete;
  OneCall& operator=(const OneCall&) = delete;

  // False: another call is under way, and this one may not touch what it works on.
  bool is_only() const { return is_only_; }

 private:
  std::atomic<bool>* at_work_;
  const bool is_only_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_ONE_CALL_H_
